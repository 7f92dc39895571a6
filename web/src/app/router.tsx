import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
} from '@tanstack/react-router'
import { screens } from '../screens.ts'
import { NotFound } from './not-found.tsx'
import { parseSearchParameters, writeSearchParameters } from './search-parameters.ts'
import { ScreenFailure } from './screen-failure.tsx'
import { Shell } from './shell.tsx'

const root = createRootRoute()

const shell = createRoute({ getParentRoute: () => root, id: 'shell', component: Shell })

const screenRoutes = screens.map(({ path, load }) =>
  createRoute({
    getParentRoute: () => shell,
    path,
    component: lazyRouteComponent(async () => ({ default: await load() })),
  }),
)

// Inside the shell, so that whoever is lost has every way on.
const nowhere = createRoute({ getParentRoute: () => shell, path: '$', component: NotFound })

const start = createRoute({
  getParentRoute: () => root,
  path: '/',
  beforeLoad: () => redirect({ to: '/inbox', replace: true, throw: true }),
})

const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  component: lazyRouteComponent(() => import('./sign-in-screen.tsx'), 'SignInScreen'),
})

/** Makes the router of the whole application. */
export function createApplicationRouter() {
  return createRouter({
    routeTree: root.addChildren([start, signIn, shell.addChildren([...screenRoutes, nowhere])]),
    // Code and data of a screen are fetched when the pointer comes near its link.
    defaultPreload: 'intent',
    defaultPreloadDelay: 30,
    scrollRestoration: true,
    defaultErrorComponent: ScreenFailure,
    parseSearch: parseSearchParameters,
    stringifySearch: writeSearchParameters,
  })
}
