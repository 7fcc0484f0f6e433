export type { CallOptions, Download, IfMatch } from './call.js';
export {
  type Api,
  type Client,
  type ClientOptions,
  createClient,
  type DeletionName,
  type ItemOf,
  type ListName,
  type OperationName,
  type OptionsOf,
  type ResultOf,
} from './client.js';
export { cookieStore, type CookieStoreOptions } from './cookies.js';
export { isProblem, NetworkError, ProblemError, StatusError, TenantryError } from './errors.js';
export * from './generated/schemas.gen.js';
export { browserStore, memoryStore, type Tokens, type TokenStore } from './tokens.js';
