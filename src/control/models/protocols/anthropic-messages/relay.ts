import type { ModelResponse } from '../../../../contracts/index.ts'
import { AnswerAssembly, believableUsage } from '../answer-assembly.ts'
import { countAt, isObject, objectAt, objectsAt, textAt } from '../json-access.ts'
import type { JsonObject } from '../json-access.ts'
import { createMeteringReader } from '../metering-reader.ts'
import type { AnswerMeter } from '../metering-reader.ts'
import type { Relay } from '../protocol.ts'

export const messagesRelay: Relay = {
  prepare: (body, upstreamModel) => (isObject(body) ? { ...body, model: upstreamModel } : body),
  reader: ({ stream }) => createMeteringReader(new MessagesMeter(), stream),
}

/** Reads messages, whole and in events. */
class MessagesMeter implements AnswerMeter {
  readonly assembly = new AnswerAssembly()
  /** What was told first, and on top of it what was told last. */
  #usage: JsonObject | undefined
  readonly #signatures = new Map<string, string>()

  readWhole(body: JsonObject): void {
    this.#readError(body)
    this.#readMessage(body)
    for (const [index, block] of objectsAt(body, 'content').entries()) {
      this.#readBlock(`${index}`, block)
      if (block['type'] === 'tool_use')
        this.assembly.addToolInput(`${index}`, JSON.stringify(block['input'] ?? {}))
    }
  }

  readEvent(event: JsonObject): void {
    const key = `${countAt(event, 'index') ?? 0}`
    switch (event['type']) {
      case 'message_start':
        this.#readMessage(objectAt(event, 'message'))
        break
      case 'content_block_start':
        this.#readBlock(key, objectAt(event, 'content_block'))
        break
      case 'content_block_delta':
        this.#readDelta(key, objectAt(event, 'delta'))
        break
      case 'message_delta':
        this.#readMessage({ ...objectAt(event, 'delta'), usage: event['usage'] })
        break
      case 'error':
        this.#readError(event)
    }
  }

  end(): void {
    const { assembly } = this
    for (const [key, signature] of this.#signatures)
      assembly.addReasoning(key, '', { anthropic: { signature } })
    const usage = this.#usage
    if (usage === undefined) return
    const fresh = countAt(usage, 'input_tokens')
    const cacheRead = countAt(usage, 'cache_read_input_tokens') ?? 0
    const cacheWrite = countAt(usage, 'cache_creation_input_tokens') ?? 0
    const input = fresh === undefined ? undefined : fresh + cacheRead + cacheWrite
    // Until the end is told, output is a guess of the provider's.
    const output = assembly.finish === undefined ? undefined : countAt(usage, 'output_tokens')
    assembly.usage = believableUsage({ input, output, cacheRead, cacheWrite }, assembly.started)
  }

  #readError(message: JsonObject): void {
    const { error } = message
    if (isObject(error))
      this.assembly.error = { type: textAt(error, 'type'), message: textAt(error, 'message') }
  }

  #readMessage(message: JsonObject): void {
    const { assembly } = this
    if (assembly.version === '') assembly.version = textAt(message, 'model')
    const reason = message['stop_reason']
    if (typeof reason === 'string') assembly.finish = readFinish(reason)
    const { usage } = message
    if (!isObject(usage)) return
    const told = Object.entries(usage).filter(([, value]) => value !== null)
    this.#usage = { ...this.#usage, ...Object.fromEntries(told) }
  }

  #readBlock(key: string, block: JsonObject): void {
    const { assembly } = this
    switch (block['type']) {
      case 'text':
        assembly.addText(key, textAt(block, 'text'))
        break
      case 'thinking':
        assembly.addReasoning(key, textAt(block, 'thinking'))
        this.#sign(key, textAt(block, 'signature'))
        break
      case 'redacted_thinking':
        assembly.addReasoning(key, '', { anthropic: { redactedData: textAt(block, 'data') } })
        break
      case 'tool_use':
        assembly.startToolCall(key, textAt(block, 'id'), textAt(block, 'name'))
    }
  }

  #readDelta(key: string, delta: JsonObject): void {
    const { assembly } = this
    switch (delta['type']) {
      case 'text_delta':
        assembly.addText(key, textAt(delta, 'text'))
        break
      case 'thinking_delta':
        assembly.addReasoning(key, textAt(delta, 'thinking'))
        break
      case 'input_json_delta':
        assembly.addToolInput(key, textAt(delta, 'partial_json'))
        break
      case 'signature_delta':
        this.#sign(key, textAt(delta, 'signature'))
    }
  }

  #sign(key: string, signature: string): void {
    if (signature === '' || this.#signatures.size >= mostSignatures) return
    const known = this.#signatures.get(key) ?? ''
    if (known.length + signature.length <= longestSignature) this.#signatures.set(key, known + signature)
  }
}

const mostSignatures = 256
const longestSignature = 256 * 1024

function readFinish(reason: string): ModelResponse['finish'] {
  switch (reason) {
    case 'end_turn':
    case 'stop_sequence':
      return 'stop'
    case 'max_tokens':
    case 'model_context_window_exceeded':
      return 'length'
    case 'tool_use':
      return 'tool-calls'
    case 'refusal':
      return 'content-filter'
    default:
      return 'other'
  }
}
