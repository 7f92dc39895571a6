import type { FastifyInstance, FastifyReply } from 'fastify'
import { z } from 'zod'
import { AtelierError } from '../../kernel/index.ts'
import { signInErrors } from '../../governance/credentials/index.ts'
import type { DeviceLoginState } from '../../governance/credentials/index.ts'
import { callerOf } from './caller.ts'
import type { SignInRouteServices } from './caller.ts'
import { devicePage } from './device-page.ts'

const startSchema = z.object({ device: z.string().min(1) })
const pollSchema = z.object({ device_code: z.string().max(200) })
const decisionSchema = z.object({
  user_code: z.string().max(20),
  verdict: z.enum(['approved', 'denied']).optional(),
})

/** Sign-in on one device, approved in a browser on another: RFC 8628, with its words for how things stand. */
export function addDeviceRoutes(app: FastifyInstance, services: SignInRouteServices): void {
  const { deviceLogins, address } = services
  // Both what the standard says and what the rest of the studio speaks.
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string', bodyLimit: 4096 },
    (_request, body, done) => done(null, Object.fromEntries(new URLSearchParams(String(body)))),
  )

  app.post('/auth/device/code', async (request, reply) => {
    const { device } = startSchema.safeParse(request.body ?? {}).data ?? { device: 'an unnamed device' }
    const started = await deviceLogins.start(device)
    const page = `${address.url}/auth/device`
    return reply.header('cache-control', 'no-store').send({
      device_code: started.deviceCode,
      user_code: started.userCode,
      verification_uri: page,
      verification_uri_complete: `${page}?user_code=${started.userCode}`,
      expires_in: started.expiresInSeconds,
      interval: started.intervalSeconds,
    })
  })

  app.post('/auth/device/token', async (request, reply) => {
    const parsed = pollSchema.safeParse(request.body)
    reply.header('cache-control', 'no-store')
    if (!parsed.success) return reply.code(400).send({ error: 'invalid_request' })
    return answerPoll(reply, await deviceLogins.poll(parsed.data.device_code))
  })

  app.get<{ Querystring: Record<string, unknown> }>('/auth/device', async (request, reply) => {
    const caller = await callerOf(services, request)
    const { user_code: code } = request.query
    const state = caller?.via !== 'session' ? signInState(services) : await lookState(services, code)
    return sendPage(reply, state)
  })

  app.post('/auth/device', async (request, reply) => {
    const caller = await callerOf(services, request)
    if (caller?.via !== 'session') throw signInErrors.INTERACTIVE_ONLY()
    const decision = decisionSchema.safeParse(request.body)
    if (!decision.success) return sendPage(reply, { kind: 'enter', problem: undefined })
    const { user_code: code, verdict } = decision.data
    if (verdict === undefined) return sendPage(reply, await lookState(services, code))
    try {
      const { device } = await deviceLogins.decide(code, caller.principal, verdict)
      return sendPage(reply, { kind: 'decided', verdict, device })
    } catch (error) {
      return sendPage(reply, problemState(error))
    }
  })
}

type PageState = Parameters<typeof devicePage>[0]

function signInState({ signIn }: SignInRouteServices): PageState {
  return { kind: 'sign-in', providers: signIn.providers }
}

async function lookState({ deviceLogins }: SignInRouteServices, code: unknown): Promise<PageState> {
  if (typeof code !== 'string' || code === '') return { kind: 'enter', problem: undefined }
  try {
    const { device } = await deviceLogins.look(code)
    return { kind: 'ask', code, device }
  } catch (error) {
    return problemState(error)
  }
}

function problemState(error: unknown): PageState {
  if (error instanceof AtelierError && !error.retryable)
    return { kind: 'enter', problem: `${error.message}. ${error.remedy}` }
  throw error
}

function sendPage(reply: FastifyReply, state: PageState): FastifyReply {
  return reply
    .header('cache-control', 'no-store')
    .header('content-type', 'text/html; charset=utf-8')
    .header(
      'content-security-policy',
      `default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'`,
    )
    .send(devicePage(state))
}

/** Section 3.5 of the standard. */
const errorNames = {
  pending: 'authorization_pending',
  'slow-down': 'slow_down',
  denied: 'access_denied',
  expired: 'expired_token',
} as const

function answerPoll(reply: FastifyReply, state: DeviceLoginState): FastifyReply {
  if (state.kind !== 'signed-in') return reply.code(400).send({ error: errorNames[state.kind] })
  const { token, expiresAt, scopes } = state.token
  return reply.send({
    access_token: token,
    token_type: 'Bearer',
    expires_in: Math.max(0, Math.floor((expiresAt.getTime() - Date.now()) / 1000)),
    scope: scopes.join(' '),
    principal: state.principalId,
  })
}
