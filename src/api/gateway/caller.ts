import { createHash } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { createId } from '../../kernel/index.ts'
import { gatewayErrors } from './errors.ts'

/**
 * The key that a request came with: `authorization: Bearer …` as OpenAI's clients send it, or `x-api-key` as
 * Anthropic's. A client that is set up for both sends the same in both.
 */
export function keyOf(headers: IncomingHttpHeaders): string | undefined {
  const { authorization } = headers
  const ofHeader = headers['x-api-key']
  if (typeof ofHeader === 'string' && ofHeader !== '') return ofHeader.trim()
  return authorization === undefined ? undefined : /^bearer +(\S{1,4096}) *$/i.exec(authorization)?.[1]
}

const longestIdempotencyKey = 255

interface CallKey {
  readonly key: string
  /** Nobody knows the key, so nobody can ask for the same again. */
  readonly unrepeatable?: true
}

/**
 * What stands for the call: by an `idempotency-key` of the client's, the same call again is answered from the record.
 * @throws ATL_GATEWAY_HEADER_INVALID
 */
export function callKeyOf(headers: IncomingHttpHeaders): CallKey {
  const given = headers['idempotency-key']
  if (given === undefined || given === '') return { key: createId('call'), unrepeatable: true }
  if (typeof given !== 'string' || given.length > longestIdempotencyKey)
    throw gatewayErrors.HEADER_INVALID({
      detail: `idempotency-key has more than ${longestIdempotencyKey} characters`,
    })
  return { key: `repeatable-${createHash('sha256').update(given).digest('hex')}` }
}

/** Headers that say how a protocol is to be spoken; of all others, nothing leaves. */
const passedOn = ['anthropic-version', 'anthropic-beta', 'openai-beta'] as const

export function protocolHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(
    passedOn.flatMap((name) => {
      const value = headers[name]
      return typeof value === 'string' && value.length <= 1024 ? [[name, value]] : []
    }),
  )
}
