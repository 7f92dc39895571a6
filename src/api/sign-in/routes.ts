import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Caller } from '../../contracts/index.ts'
import { callerOf } from './caller.ts'
import type { SignInRouteServices } from './caller.ts'
import { addDeviceRoutes } from './device-routes.ts'

/**
 * The addresses under `/auth`, by which people come in and leave, and the hook that replaces the secrets of sessions.
 * Failures are thrown, for the server's error handler.
 */
export function addSignInRoutes(app: FastifyInstance, services: SignInRouteServices): void {
  const { signIn, authenticator, credentials, stepKeys } = services

  app.get('/auth/providers', (_request, reply) =>
    reply.header(...noStore).send({ providers: signIn.providers }),
  )

  app.get<{ Params: { provider: string }; Querystring: Record<string, unknown> }>(
    '/auth/login/:provider',
    async (request, reply) => {
      const { return: returnTo } = request.query
      const next = await signIn.begin(
        request.params.provider,
        typeof returnTo === 'string' ? returnTo : undefined,
      )
      return redirect(reply, next)
    },
  )

  app.get<{ Params: { provider: string } }>('/auth/callback/:provider', async (request, reply) =>
    redirect(
      reply,
      await signIn.finish(request.params.provider, request.url, {
        cookies: request.headers.cookie,
        device: deviceOf(request),
      }),
    ),
  )

  app.route<{ Params: { code: string } }>({
    method: 'GET',
    url: '/auth/first/:code',
    // What looks at a link ahead of the person must not use it up.
    exposeHeadRoute: false,
    handler: async (request, reply) => {
      if (isAhead(request)) return reply.code(204).send()
      return redirect(reply, await signIn.withLink(request.params.code, deviceOf(request)))
    },
  })

  app.post('/auth/logout', async (request, reply) => {
    const caller = await callerOf(services, request)
    const { location, cookies } = await signIn.signOut(caller)
    return reply
      .header(...noStore)
      .header('set-cookie', [...cookies])
      .send({ location })
  })

  // A program gives back its own token (RFC 7009).
  app.post('/auth/revoke', async (request, reply) => {
    const caller = await callerOf(services, request)
    if (caller?.via === 'token' && caller.credentialId !== null)
      await credentials.revokeToken(caller, caller.credentialId)
    return reply
      .code(200)
      .header(...noStore)
      .send()
  })

  app.get('/auth/jwks.json', async (_request, reply) =>
    reply.header('cache-control', 'public, max-age=60').send(await stepKeys.published()),
  )

  addDeviceRoutes(app, services)

  app.addHook('onSend', async (request, reply) => {
    const caller = 'caller' in request ? (request.caller as Caller | undefined) : undefined
    if (caller?.via !== 'session' || reply.getHeader('set-cookie') !== undefined) return
    const renewed = await authenticator.renew(caller)
    if (renewed !== undefined) reply.header('set-cookie', renewed)
  })
}

const noStore = ['cache-control', 'no-store'] as const

function redirect(
  reply: FastifyReply,
  { location, cookies }: { readonly location: string; readonly cookies: readonly string[] },
): FastifyReply {
  return reply
    .header(...noStore)
    .header('set-cookie', [...cookies])
    .redirect(location, 303)
}

function deviceOf({ headers }: FastifyRequest): string {
  return headers['user-agent'] ?? ''
}

/** Whether a browser loads this before anybody has asked for it. */
function isAhead({ headers }: FastifyRequest): boolean {
  return /prefetch|prerender|preview/i.test(`${String(headers['sec-purpose'])} ${String(headers['purpose'])}`)
}
