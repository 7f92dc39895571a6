import type { ModelResponse } from '../../../../contracts/index.ts'
import { AnswerAssembly, believableUsage } from '../answer-assembly.ts'
import { countAt, isObject, objectAt, objectsAt, textAt } from '../json-access.ts'
import type { JsonObject } from '../json-access.ts'
import { createMeteringReader } from '../metering-reader.ts'
import type { AnswerMeter } from '../metering-reader.ts'
import type { Relay } from '../protocol.ts'

export const responsesRelay: Relay = {
  prepare: (body, upstreamModel) => (isObject(body) ? { ...body, model: upstreamModel } : body),
  reader: ({ stream }) => createMeteringReader(new ResponsesMeter(), stream),
}

/** Reads responses, whole and in events. The last event holds all of the answer; the others are read for its absence. */
class ResponsesMeter implements AnswerMeter {
  #pieces = new AnswerAssembly()
  #whole: AnswerAssembly | undefined

  get assembly(): AnswerAssembly {
    return this.#whole ?? this.#pieces
  }

  readWhole(body: JsonObject): void {
    const whole = new AnswerAssembly()
    this.#whole = whole
    whole.version = textAt(body, 'model')
    for (const [position, item] of objectsAt(body, 'output').entries()) readItem(whole, `${position}`, item)
    const failure = body['error']
    if (isObject(failure))
      whole.error = {
        type: textAt(failure, 'code') || textAt(failure, 'type'),
        message: textAt(failure, 'message'),
      }
    whole.finish = readFinish(body)
    const usage = objectAt(body, 'usage')
    whole.usage = believableUsage(
      {
        input: countAt(usage, 'input_tokens'),
        output: countAt(usage, 'output_tokens'),
        cacheRead: countAt(objectAt(usage, 'input_tokens_details'), 'cached_tokens'),
        reasoning: countAt(objectAt(usage, 'output_tokens_details'), 'reasoning_tokens'),
      },
      whole.started,
    )
  }

  readEvent(event: JsonObject): void {
    const pieces = this.#pieces
    const key = `${countAt(event, 'output_index') ?? 0}`
    switch (event['type']) {
      case 'response.created':
      case 'response.in_progress':
        pieces.version = textAt(objectAt(event, 'response'), 'model')
        break
      case 'response.output_item.added':
        this.#readStart(key, objectAt(event, 'item'))
        break
      case 'response.output_text.delta':
      case 'response.refusal.delta':
        pieces.addText(`text ${key}`, textAt(event, 'delta'))
        break
      case 'response.reasoning_summary_text.delta':
      case 'response.reasoning_text.delta':
        pieces.addReasoning(`reasoning ${key}`, textAt(event, 'delta'))
        break
      case 'response.function_call_arguments.delta':
      case 'response.custom_tool_call_input.delta':
        pieces.addToolInput(`tool ${key}`, textAt(event, 'delta'))
        break
      case 'response.completed':
      case 'response.incomplete':
      case 'response.failed':
        this.readWhole(objectAt(event, 'response'))
        break
      case 'error':
        pieces.error = { type: textAt(event, 'code') || 'error', message: textAt(event, 'message') }
    }
  }

  end(): void {
    const pieces = this.#pieces
    const whole = this.#whole
    if (whole === undefined) return
    if (whole.version === '') whole.version = pieces.version
    // Some servers leave the output out of the last event.
    if (pieces.started && !whole.started) {
      pieces.version = whole.version
      pieces.usage = whole.usage
      pieces.error = whole.error
      pieces.finish = whole.finish
      this.#whole = undefined
    }
  }

  #readStart(key: string, item: JsonObject): void {
    if (isToolCall(item)) {
      this.#pieces.startToolCall(`tool ${key}`, textAt(item, 'call_id'), textAt(item, 'name'))
    }
  }
}

function isToolCall(item: JsonObject): boolean {
  return item['type'] === 'function_call' || item['type'] === 'custom_tool_call'
}

function readItem(assembly: AnswerAssembly, key: string, item: JsonObject): void {
  if (isToolCall(item)) {
    assembly.startToolCall(key, textAt(item, 'call_id'), textAt(item, 'name'))
    assembly.addToolInput(key, textAt(item, 'arguments') || textAt(item, 'input'))
  } else if (item['type'] === 'reasoning') {
    const texts = [...objectsAt(item, 'summary'), ...objectsAt(item, 'content')]
    const encrypted = textAt(item, 'encrypted_content')
    const providerData =
      encrypted === ''
        ? undefined
        : { openai: { itemId: textAt(item, 'id'), reasoningEncryptedContent: encrypted } }
    assembly.addReasoning(key, texts.map((part) => textAt(part, 'text')).join('\n'), providerData)
  } else if (item['type'] === 'message') {
    for (const part of objectsAt(item, 'content'))
      assembly.addText(key, textAt(part, 'text') || textAt(part, 'refusal'))
  }
}

function readFinish(body: JsonObject): ModelResponse['finish'] | undefined {
  switch (body['status']) {
    case 'completed':
      return objectsAt(body, 'output').some(isToolCall) ? 'tool-calls' : 'stop'
    case 'incomplete':
      return textAt(objectAt(body, 'incomplete_details'), 'reason') === 'content_filter'
        ? 'content-filter'
        : 'length'
    case 'failed':
    case 'cancelled':
      return 'error'
    default:
      return undefined
  }
}
