import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';

import { client } from './api';
import { App } from './App';
import './style.css';

const queryClient = new QueryClient();

client.onUserChange(() => queryClient.removeQueries()); // what a user has read doesn't stay in memory

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <QueryClientProvider client={queryClient}>
      <App />
    </QueryClientProvider>
  </StrictMode>,
);
