import type { ModelRequest } from '../../contracts/index.ts'
import { redactText } from '../../governance/door/index.ts'
import { digestOf, LeastRecent, mapStrings } from '../../kernel/index.ts'

/** Texts that were looked through and hold no secret, by digest; most of a conversation comes again and again. */
const clean = new LeastRecent<string, true>(50_000)

/** Shorter ones are looked through faster than digested. */
const worthRemembering = 256

/** The request without what looks like a secret; the same object where nothing does. */
export function redactRequest(request: ModelRequest): ModelRequest {
  return redactJson(request) as ModelRequest
}

/** Replaces secrets in every string of a JSON value but in the bytes of files. Answers what came where there are none. */
export function redactJson(value: unknown): unknown {
  return mapStrings(value, redactOnce, holdsBytes)
}

/** Base64, in the contract and on the wire of the providers: no text, and long. */
function holdsBytes(name: string, member: unknown): boolean {
  if (typeof member !== 'string' || member.length < worthRemembering) return false
  return (
    name === 'base64' ||
    (/^(?:data|file_data|url|image_url|signature|encrypted_content)$/.test(name) && isBase64(member))
  )
}

function isBase64(text: string): boolean {
  return (
    /^(?:data:[\w/+.-]{1,100};base64,)?[A-Za-z0-9+/=_-]{200}/.test(text) && !/\s/.test(text.slice(0, 4096))
  )
}

function redactOnce(text: string): string {
  if (text.length < worthRemembering) return redactText(text)
  const digest = digestOf(text)
  if (clean.get(digest) !== undefined) return text
  const redacted = redactText(text)
  if (redacted === text) clean.set(digest, true)
  return redacted
}
