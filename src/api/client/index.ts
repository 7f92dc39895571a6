export { createClient } from './client.ts'
export type { Client } from './client.ts'
export { RequestFailure } from './failure.ts'
