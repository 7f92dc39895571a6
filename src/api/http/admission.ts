import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Access } from '../../contracts/api/index.ts'
import { type Caller, scopesCover } from '../../contracts/index.ts'
import type { Authenticator } from './authenticator.ts'
import { httpErrors } from './errors.ts'
import type { UnderWay } from './under-way.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Undefined when the request says nothing of who sends it. */
    caller: Caller | undefined
  }
  interface FastifyContextConfig {
    access?: Access
    /** Those headers in which a credential counts; all of them when absent. */
    credentials?: (headers: IncomingHttpHeaders) => IncomingHttpHeaders
  }
}

/** Finds out who asks before a body is read, and lets nobody in whom the route is not for. */
export function admitCallers(app: FastifyInstance, authenticator: Authenticator, underWay: UnderWay): void {
  app.decorateRequest('caller', undefined)
  app.addHook('onRequest', async (request) => {
    underWay.assertOpen()
    const { access, credentials } = request.routeOptions.config
    if (access === undefined) return
    request.caller = await authenticator.authenticate(credentials?.(request.headers) ?? request.headers)
    refuseOtherSites(request)
  })
  // After the limits of requests, which are there for those who guess, too.
  app.addHook('preParsing', (request, _reply, _payload, done) => {
    const { access } = request.routeOptions.config
    done(access === undefined ? null : refusalOf(access, request.caller))
  })
}

function refusalOf(access: Access, caller: Caller | undefined): Error | null {
  if ('public' in access) return null
  if (caller === undefined) return httpErrors.NOT_AUTHENTICATED()
  if ('authenticated' in access || scopesCover(caller.scopes, access.action)) return null
  return httpErrors.SCOPE_MISSING({ detail: access.action })
}

/** A browser sends a session's cookie whoever made it ask: what changes something has to come from the studio's own page. */
function refuseOtherSites({ caller, method, headers, host }: FastifyRequest): void {
  if (caller?.via !== 'session' || method === 'GET' || method === 'HEAD') return
  const { origin } = headers
  const site = headers['sec-fetch-site']
  const isOwn =
    origin === undefined ? site === 'same-origin' : URL.canParse(origin) && new URL(origin).host === host
  if (!isOwn) throw httpErrors.CROSS_SITE({ detail: (origin ?? 'no origin').slice(0, 200) })
}
