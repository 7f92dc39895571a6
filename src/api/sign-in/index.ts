export { addSignInRoutes } from './routes.ts'
export type { SignInRouteServices } from './caller.ts'
