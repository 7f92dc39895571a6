import { z } from 'zod'
import type { ModelMessage } from '../../../contracts/index.ts'
import { protocolErrors } from './errors.ts'
import { isObject } from './json-access.ts'

/** A member that may be absent; clients write `null` for absent members, too. */
export function optional<S extends z.ZodType>(schema: S) {
  return schema.nullish().transform((value) => value ?? undefined)
}

export const jsonObject = z.record(z.string(), z.json())

/** The function of a tool that declares no parameters. */
export const noParameters = { type: 'object', properties: {} }

/**
 * Reads a body after a schema that names the known fields.
 * @throws ATL_PROTOCOL_REQUEST_INVALID, which names the first fields that are wrong.
 */
export function readBody<S extends z.ZodType>(schema: S, body: unknown): z.output<S> {
  const parsed = schema.safeParse(body)
  if (parsed.success) return parsed.data
  const issues = parsed.error.issues.slice(0, 3)
  const detail = issues.map(({ path, message }) => `${pathText(path)}: ${message}`).join('; ')
  throw protocolErrors.REQUEST_INVALID({ detail, details: { param: pathText(issues[0]?.path ?? []) } })
}

/** `messages[3].content`, or `body` for the whole. */
function pathText(path: readonly PropertyKey[]): string {
  const text = path
    .slice(0, 12)
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key).slice(0, 64)}`))
    .join('')
  return text === '' ? 'body' : text.replace(/^\./, '')
}

export function invalid(param: string, problem: string): Error {
  return protocolErrors.REQUEST_INVALID({ detail: `${param}: ${problem}`, details: { param } })
}

export function unsupported(param: string, what: string): Error {
  return protocolErrors.UNSUPPORTED({ detail: `${param}: ${what}`, details: { param } })
}

/** Names of members that are set and not among those known; a hostile body cannot make this long. */
export function unknownFields(body: unknown, known: ReadonlySet<string>): string[] {
  if (!isObject(body)) return []
  return Object.keys(body)
    .filter((key) => !known.has(key) && body[key] !== null)
    .slice(0, 32)
    .map((key) => key.slice(0, 64))
}

export type FilePart = Extract<Extract<ModelMessage, { role: 'user' }>['content'][number], { kind: 'file' }>

/** A file given as a `data:` address, as another address, or as bare base64. */
export function readFile(address: string, param: string, mediaType: string): FilePart {
  const inline = /^data:([^;,]{0,127})((?:;[^;,]{0,127}){0,8}),/.exec(address)
  if (inline !== null) {
    const [head, type, parameters] = inline
    if (parameters?.endsWith(';base64') !== true)
      throw unsupported(param, 'a data: address that is not base64')
    const base64 = address.slice(head.length)
    return {
      kind: 'file',
      mediaType: type === '' || type === undefined ? mediaType : type,
      data: { kind: 'base64', base64 },
    }
  }
  if (/^https?:\/\//i.test(address) && URL.canParse(address))
    return { kind: 'file', mediaType, data: { kind: 'url', url: address } }
  throw invalid(param, 'is neither a data: nor an http(s) address')
}

/** Puts messages together: results of tools that follow each other are one message. */
export class Conversation {
  readonly messages: ModelMessage[] = []
  readonly #tools = new Map<string, string>()

  add(message: ModelMessage): void {
    const last = this.messages.at(-1)
    if (message.role === 'assistant')
      for (const part of message.content) if (part.kind === 'tool-call') this.#tools.set(part.id, part.tool)
    if (message.role === 'tool' && last?.role === 'tool') last.content.push(...message.content)
    else if (message.role === 'assistant' && last?.role === 'assistant') last.content.push(...message.content)
    else this.messages.push(message)
  }

  /** The tool that was called under this id; results do not name it. */
  toolOf(callId: string): string {
    return this.#tools.get(callId) ?? ''
  }
}

/** Free text as the input of a tool whose input is JSON, and back. */
export const textTool = {
  schema: {
    type: 'object',
    properties: { input: { type: 'string' } },
    required: ['input'],
    additionalProperties: false,
  },
  wrap: (text: string): string => JSON.stringify({ input: text }),
  unwrap(json: string): string {
    try {
      const value: unknown = JSON.parse(json)
      return isObject(value) && typeof value['input'] === 'string' ? value['input'] : json
    } catch {
      return json
    }
  },
}

export const effortSchema = z.enum(['none', 'minimal', 'low', 'medium', 'high', 'xhigh'])
