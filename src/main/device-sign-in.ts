import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { hostErrors } from './errors.ts'
import { connectionFailure } from './remote-failure.ts'

const startedSchema = z.object({
  device_code: z.string(),
  user_code: z.string(),
  verification_uri_complete: z.url(),
  expires_in: z.number(),
  interval: z.number().positive(),
})
const tokenSchema = z.object({ access_token: z.string(), principal: z.string() })
const refusalSchema = z.object({ error: z.string() })

export interface SignedInDevice {
  readonly token: string
  readonly principal: string
}

/**
 * Signs this account in at a studio elsewhere: a person approves it in a browser, while this waits (RFC 8628).
 * @param show tells the person where to go, and the code to compare.
 * @throws ATL_HOST_SERVER_UNREACHABLE, ATL_HOST_SIGN_IN_REFUSED
 */
export async function signInAt(
  server: string,
  device: string,
  show: (page: string, code: string) => void,
  signal: AbortSignal,
): Promise<SignedInDevice> {
  const started = startedSchema.safeParse((await post(server, '/auth/device/code', { device }, signal)).body)
  if (!started.success) throw hostErrors.SERVER_UNREACHABLE({ detail: server })
  const { device_code: code, user_code: userCode, verification_uri_complete: page } = started.data
  show(page, userCode)
  let seconds = started.data.interval
  for (;;) {
    await sleep(seconds * 1000, undefined, { signal })
    const { body } = await post(server, '/auth/device/token', { device_code: code }, signal)
    const token = tokenSchema.safeParse(body)
    if (token.success) return { token: token.data.access_token, principal: token.data.principal }
    const { error = 'no answer' } = refusalSchema.safeParse(body).data ?? {}
    if (error === 'slow_down') seconds += 5
    else if (error !== 'authorization_pending') throw hostErrors.SIGN_IN_REFUSED({ detail: error })
  }
}

/** Takes the token back at the studio. @throws ATL_HOST_SERVER_UNREACHABLE */
export async function signOutAt(server: string, token: string, signal: AbortSignal): Promise<void> {
  await post(server, '/auth/revoke', {}, signal, { authorization: `Bearer ${token}` })
}

async function post(
  server: string,
  path: string,
  content: Readonly<Record<string, string>>,
  signal: AbortSignal,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ readonly body: unknown }> {
  try {
    const response = await fetch(new URL(path, server), {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(content),
      // A token goes nowhere else.
      redirect: 'error',
      signal: AbortSignal.any([signal, AbortSignal.timeout(30_000)]),
    })
    const text = await response.text()
    return { body: text === '' ? undefined : (JSON.parse(text) as unknown) }
  } catch (cause) {
    signal.throwIfAborted()
    throw connectionFailure(server, cause)
  }
}
