import { defineConfig } from 'vite';

export default defineConfig({
  // The page and the API have one origin, as behind a proxy in production: no CORS is needed.
  server: { proxy: { '/api': process.env.API ?? 'http://localhost:8000' } },
});
