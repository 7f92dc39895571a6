import type { ModelEvent, ModelResponse, ModelUsage } from '../../../../contracts/index.ts'
import type { AtelierError } from '../../../../kernel/index.ts'
import { createId } from '../../../../kernel/index.ts'
import { packProviderData } from '../carried-data.ts'
import { encodeEvent } from '../event-stream.ts'
import { isObject, parseJson } from '../json-access.ts'
import type { AnswerOptions, StreamEncoder } from '../protocol.ts'
import { messagesError } from './error.ts'

type Part = ModelResponse['content'][number]

export function encodeMessage(response: ModelResponse): unknown {
  return {
    id: createId('msg'),
    type: 'message',
    role: 'assistant',
    model: response.provenance.model,
    content: response.content.map(encodeBlock),
    stop_reason: stopReason(response),
    stop_sequence: null,
    usage: encodeUsage(response.usage),
  }
}

function encodeBlock(part: Part): unknown {
  switch (part.kind) {
    case 'text':
      return { type: 'text', text: part.text, citations: null }
    case 'reasoning': {
      const redacted = part.providerData?.['anthropic']?.['redactedData']
      if (typeof redacted === 'string') return { type: 'redacted_thinking', data: redacted }
      return { type: 'thinking', thinking: part.text, signature: signatureOf(part) }
    }
    case 'tool-call':
      return { type: 'tool_use', id: part.id, name: part.tool, input: readInput(part.input) }
  }
}

/** A client sends it back with the thinking, and a model that wants it gets it. */
function signatureOf({ providerData }: Extract<Part, { kind: 'reasoning' }>): string {
  if (providerData === undefined) return ''
  const signature = providerData['anthropic']?.['signature']
  return typeof signature === 'string' ? signature : packProviderData(providerData)
}

/** The protocol has objects only; what the model wrote instead is shown to the caller's check of the tool's input. */
function readInput(input: string): unknown {
  const value = parseJson(input)
  return isObject(value) ? value : { input }
}

function stopReason({ finish }: ModelResponse): string {
  switch (finish) {
    case 'length':
      return 'max_tokens'
    case 'tool-calls':
      return 'tool_use'
    case 'content-filter':
      return 'refusal'
    default:
      return 'end_turn'
  }
}

function encodeUsage(usage: ModelUsage) {
  return {
    input_tokens: usage.input - usage.cacheRead - usage.cacheWrite,
    cache_read_input_tokens: usage.cacheRead,
    cache_creation_input_tokens: usage.cacheWrite,
    output_tokens: usage.output,
  }
}

/** Writes the events of a message. Blocks follow each other; one ends when the next begins. */
export class MessageStreamEncoder implements StreamEncoder {
  readonly #model: string
  #begun = false
  #blocks = 0
  #open: { readonly kind: Part['kind']; readonly id: string } | undefined
  #hasText = false
  readonly #calls = new Set<string>()
  /** Indices of blocks of thinking, in order. */
  readonly #thinking: number[] = []

  constructor({ model = '' }: AnswerOptions = {}) {
    this.#model = model
  }

  push(event: ModelEvent): string {
    switch (event.kind) {
      case 'text':
        this.#hasText = true
        return this.#write('text', '', { type: 'text', text: '' }, { type: 'text_delta', text: event.text })
      case 'reasoning':
        return this.#write(
          'reasoning',
          '',
          { type: 'thinking', thinking: '', signature: '' },
          { type: 'thinking_delta', thinking: event.text },
        )
      case 'tool-call-started':
        return this.#startCall(event.id, event.tool)
      case 'tool-call-input':
        return this.#addInput(event.id, event.text)
      case 'tool-call-ended':
        return this.#open?.id === event.id ? this.#close() : ''
      case 'finished':
        return this.#finish(event.response)
    }
  }

  fail(error: AtelierError): string {
    return encodeEvent(messagesError(error), 'error')
  }

  #write(kind: Part['kind'], id: string, block: object, delta: object): string {
    let text = this.#begin()
    if (this.#open?.kind !== kind || this.#open.id !== id) text += this.#openBlock(kind, id, block)
    return text + this.#delta(this.#blocks - 1, delta)
  }

  #startCall(id: string, tool: string): string {
    this.#calls.add(id)
    return this.#begin() + this.#openBlock('tool-call', id, { type: 'tool_use', id, name: tool, input: {} })
  }

  /** Input of a call that is not the last block cannot be written in this protocol any more; providers do not mix them. */
  #addInput(id: string, text: string): string {
    return this.#open?.id === id
      ? this.#delta(this.#blocks - 1, { type: 'input_json_delta', partial_json: text })
      : ''
  }

  #finish(response: ModelResponse): string {
    let text = this.#begin() + this.#missing(response) + this.#close() + this.#signatures(response)
    const usage = encodeUsage(response.usage)
    const delta = { stop_reason: stopReason(response), stop_sequence: null }
    text += encodeEvent({ type: 'message_delta', delta, usage }, 'message_delta')
    return text + encodeEvent({ type: 'message_stop' }, 'message_stop')
  }

  /** What an answer from the record never sent in pieces. */
  #missing(response: ModelResponse): string {
    let text = ''
    for (const part of response.content) {
      if (part.kind === 'text' && !this.#hasText && part.text !== '') {
        text += this.#write('text', '', { type: 'text', text: '' }, { type: 'text_delta', text: part.text })
      } else if (part.kind === 'tool-call' && !this.#calls.has(part.id)) {
        text += this.#startCall(part.id, part.tool) + this.#addInput(part.id, part.input)
      }
    }
    return text
  }

  /** Signatures are known at the end only. */
  #signatures(response: ModelResponse): string {
    return response.content
      .filter((part) => part.kind === 'reasoning')
      .map((part, position) => {
        const index = this.#thinking[position]
        const signature = signatureOf(part)
        return index === undefined || signature === ''
          ? ''
          : this.#delta(index, { type: 'signature_delta', signature })
      })
      .join('')
  }

  #begin(): string {
    if (this.#begun) return ''
    this.#begun = true
    const message = {
      id: createId('msg'),
      type: 'message',
      role: 'assistant',
      model: this.#model,
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: { input_tokens: 0, output_tokens: 0 },
    }
    return encodeEvent({ type: 'message_start', message }, 'message_start')
  }

  #openBlock(kind: Part['kind'], id: string, block: object): string {
    const closed = this.#close()
    const index = this.#blocks
    this.#blocks += 1
    this.#open = { kind, id }
    if (kind === 'reasoning') this.#thinking.push(index)
    return (
      closed +
      encodeEvent({ type: 'content_block_start', index, content_block: block }, 'content_block_start')
    )
  }

  #delta(index: number, delta: object): string {
    return encodeEvent({ type: 'content_block_delta', index, delta }, 'content_block_delta')
  }

  #close(): string {
    if (this.#open === undefined) return ''
    this.#open = undefined
    return encodeEvent({ type: 'content_block_stop', index: this.#blocks - 1 }, 'content_block_stop')
  }
}
