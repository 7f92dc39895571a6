import type { ModelResponse } from '../../../../contracts/index.ts'
import { AnswerAssembly, believableUsage } from '../answer-assembly.ts'
import { EventStreamReader } from '../event-stream.ts'
import { countAt, isObject, objectAt, objectsAt, parseJson, textAt } from '../json-access.ts'
import type { JsonObject } from '../json-access.ts'
import { createMeteringReader } from '../metering-reader.ts'
import type { AnswerMeter } from '../metering-reader.ts'
import type { Relay } from '../protocol.ts'

export const chatRelay: Relay = {
  prepare(body, upstreamModel) {
    if (!isObject(body)) return body
    if (body['stream'] !== true) return { ...body, model: upstreamModel }
    const streamOptions = { ...objectAt(body, 'stream_options'), include_usage: true }
    return { ...body, model: upstreamModel, stream_options: streamOptions }
  },
  reader({ stream, body }) {
    const askedForUsage =
      body === undefined || (isObject(body) && objectAt(body, 'stream_options')['include_usage'] === true)
    return createMeteringReader(new ChatMeter(), stream, askedForUsage ? undefined : tellsOnlyUsage)
  },
}

/** The last event of a stream whose usage was asked for has no choices; not every client can read it. */
function tellsOnlyUsage(event: Buffer): boolean {
  if (!event.includes('"usage"')) return false
  let only = false
  const reader = new EventStreamReader((data) => {
    const value = parseJson(data)
    only =
      isObject(value) &&
      isObject(value['usage']) &&
      Array.isArray(value['choices']) &&
      value['choices'].length === 0
  })
  reader.push(event)
  reader.end()
  return only
}

/** Reads chat completions, whole and in chunks. */
class ChatMeter implements AnswerMeter {
  readonly assembly = new AnswerAssembly()
  #usage: JsonObject | undefined

  readWhole(body: JsonObject): void {
    this.#readHead(body)
    for (const choice of objectsAt(body, 'choices')) this.#readChoice(choice, objectAt(choice, 'message'))
  }

  readEvent(event: JsonObject): void {
    this.#readHead(event)
    for (const choice of objectsAt(event, 'choices')) this.#readChoice(choice, objectAt(choice, 'delta'))
  }

  end(): void {
    const { assembly } = this
    if (this.#usage !== undefined) assembly.usage = readUsage(this.#usage, assembly.started)
  }

  #readHead(message: JsonObject): void {
    const { assembly } = this
    if (assembly.version === '') assembly.version = textAt(message, 'model')
    // Some servers tell usage with every event, each time for all that went before.
    const { usage, error } = message
    if (isObject(usage)) this.#usage = usage
    if (isObject(error)) assembly.error = { type: textAt(error, 'type'), message: textAt(error, 'message') }
    else if (typeof error === 'string') assembly.error = { type: '', message: error }
  }

  #readChoice(choice: JsonObject, message: JsonObject): void {
    const { assembly } = this
    const index = countAt(choice, 'index') ?? 0
    assembly.addReasoning(
      `reasoning ${index}`,
      textAt(message, 'reasoning_content') || textAt(message, 'reasoning'),
    )
    assembly.addText(`text ${index}`, textAt(message, 'content') || textAt(message, 'refusal'))
    for (const [position, call] of objectsAt(message, 'tool_calls').entries())
      this.#readToolCall(`tool ${index} ${countAt(call, 'index') ?? position}`, call)
    const reason = choice['finish_reason']
    if (typeof reason === 'string' && reason !== '' && index === 0) assembly.finish = readFinish(reason)
  }

  #readToolCall(key: string, call: JsonObject): void {
    const { assembly } = this
    const called = 'custom' in call ? objectAt(call, 'custom') : objectAt(call, 'function')
    const [id, name] = [textAt(call, 'id'), textAt(called, 'name')]
    if (id !== '' || name !== '' || !assembly.has(key)) assembly.startToolCall(key, id, name)
    assembly.addToolInput(key, textAt(called, 'arguments') || textAt(called, 'input'))
  }
}

function readFinish(reason: string): ModelResponse['finish'] {
  switch (reason) {
    case 'stop':
    case 'length':
      return reason
    case 'tool_calls':
    case 'function_call':
      return 'tool-calls'
    case 'content_filter':
      return 'content-filter'
    default:
      return 'other'
  }
}

function readUsage(usage: JsonObject, hasContent: boolean): ReturnType<typeof believableUsage> {
  return believableUsage(
    {
      input: countAt(usage, 'prompt_tokens'),
      output: countAt(usage, 'completion_tokens'),
      cacheRead: countAt(objectAt(usage, 'prompt_tokens_details'), 'cached_tokens'),
      reasoning: countAt(objectAt(usage, 'completion_tokens_details'), 'reasoning_tokens'),
    },
    hasContent,
  )
}
