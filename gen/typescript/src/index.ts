export { Client, type ClientOptions, createClient, type ItemOf, type ListName, type Operations } from './client.js';
export { isProblem, NetworkError, ProblemError, StatusError, TenantryError } from './errors.js';
export type * from './generated/types.gen.js';
export { browserStore, memoryStore, type Tokens, type TokenStore } from './tokens.js';
