export { signInMigrations } from './migrations.ts'
export { readProviders } from './providers.ts'
export { createSignIn } from './sign-in.ts'
export type { SignIn } from './sign-in.ts'
