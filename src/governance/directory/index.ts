export { createCredentials } from './credentials.ts'
export type { Credentials } from './credentials.ts'
export { createPeople } from './people.ts'
export type { People } from './people.ts'
