export { assertInteractive, createCredentials } from './credentials.ts'
export type { Credentials, TokenRequest } from './credentials.ts'
export { createPeople } from './people.ts'
export type { Member, People, RoleChange } from './people.ts'
