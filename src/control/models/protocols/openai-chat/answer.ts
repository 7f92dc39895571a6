import type { ModelEvent, ModelResponse, ModelUsage } from '../../../../contracts/index.ts'
import type { AtelierError } from '../../../../kernel/index.ts'
import { createId, systemClock } from '../../../../kernel/index.ts'
import { encodeEvent } from '../event-stream.ts'
import { openaiError } from '../openai-errors.ts'
import type { AnswerOptions, StreamEncoder } from '../protocol.ts'
import { textTool } from '../request-reading.ts'

type ToolCall = Extract<ModelResponse['content'][number], { kind: 'tool-call' }>

export function encodeChatAnswer(response: ModelResponse, { textTools = [] }: AnswerOptions = {}): unknown {
  const text = joined(response, 'text')
  const reasoning = joined(response, 'reasoning')
  const calls = response.content.filter((part) => part.kind === 'tool-call')
  return {
    id: createId('chatcmpl'),
    object: 'chat.completion',
    created: seconds(),
    model: response.provenance.model,
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: text === '' && calls.length > 0 ? null : text,
          refusal: null,
          ...(reasoning !== '' && { reasoning_content: reasoning }),
          ...(calls.length > 0 && { tool_calls: calls.map((call) => encodeCall(call, textTools)) }),
        },
        logprobs: null,
        finish_reason: finishReason(response),
      },
    ],
    usage: encodeUsage(response.usage),
  }
}

function joined(response: ModelResponse, kind: 'text' | 'reasoning'): string {
  return response.content.map((part) => (part.kind === kind ? part.text : '')).join('')
}

function encodeCall({ id, tool, input }: ToolCall, textTools: readonly string[]): unknown {
  return textTools.includes(tool)
    ? { id, type: 'custom', custom: { name: tool, input: textTool.unwrap(input) } }
    : { id, type: 'function', function: { name: tool, arguments: input } }
}

function seconds(): number {
  return Math.floor(systemClock.now() / 1000)
}

function finishReason({ finish }: ModelResponse): string {
  switch (finish) {
    case 'length':
      return 'length'
    case 'tool-calls':
      return 'tool_calls'
    case 'content-filter':
      return 'content_filter'
    default:
      return 'stop'
  }
}

function encodeUsage(usage: ModelUsage): unknown {
  return {
    prompt_tokens: usage.input,
    completion_tokens: usage.output,
    total_tokens: usage.input + usage.output,
    prompt_tokens_details: { cached_tokens: usage.cacheRead },
    completion_tokens_details: { reasoning_tokens: usage.reasoning },
  }
}

/** Writes chunks of a chat completion. */
export class ChatStreamEncoder implements StreamEncoder {
  readonly #id = createId('chatcmpl')
  readonly #created = seconds()
  readonly #options: AnswerOptions
  /** Position of each call of a tool in the answer. */
  readonly #calls = new Map<string, number>()
  /** Input of calls of tools that take free text; it is written when it is complete. */
  readonly #texts = new Map<string, string>()
  #begun = false
  #hasText = false

  constructor(options: AnswerOptions = {}) {
    this.#options = options
  }

  push(event: ModelEvent): string {
    switch (event.kind) {
      case 'text':
        this.#hasText = true
        return this.#delta({ content: event.text })
      case 'reasoning':
        return this.#delta({ reasoning_content: event.text })
      case 'tool-call-started':
        return this.#startCall(event.id, event.tool)
      case 'tool-call-input':
        return this.#addInput(event.id, event.text)
      case 'tool-call-ended':
        return this.#endCall(event.id)
      case 'finished':
        return this.#finish(event.response)
    }
  }

  fail(error: AtelierError): string {
    return encodeEvent({ error: openaiError(error) })
  }

  #startCall(id: string, tool: string): string {
    const index = this.#calls.size
    this.#calls.set(id, index)
    if (this.#options.textTools?.includes(tool) === true) {
      this.#texts.set(id, '')
      return this.#delta({ tool_calls: [{ index, id, type: 'custom', custom: { name: tool, input: '' } }] })
    }
    return this.#delta({
      tool_calls: [{ index, id, type: 'function', function: { name: tool, arguments: '' } }],
    })
  }

  #addInput(id: string, text: string): string {
    const known = this.#texts.get(id)
    if (known !== undefined) {
      this.#texts.set(id, known + text)
      return ''
    }
    const index = this.#calls.get(id)
    return index === undefined ? '' : this.#delta({ tool_calls: [{ index, function: { arguments: text } }] })
  }

  #endCall(id: string): string {
    const text = this.#texts.get(id)
    const index = this.#calls.get(id)
    if (text === undefined || index === undefined) return ''
    return this.#delta({ tool_calls: [{ index, custom: { input: textTool.unwrap(text) } }] })
  }

  #finish(response: ModelResponse): string {
    const missing = this.#missing(response)
    const end = this.#chunk([{ index: 0, delta: {}, logprobs: null, finish_reason: finishReason(response) }])
    const usage =
      this.#options.includeUsage === true ? this.#chunk([], { usage: encodeUsage(response.usage) }) : ''
    return `${missing}${end}${usage}data: [DONE]\n\n`
  }

  /** What an answer from the record never sent in pieces. */
  #missing(response: ModelResponse): string {
    let text = ''
    if (!this.#hasText && joined(response, 'text') !== '')
      text += this.#delta({ content: joined(response, 'text') })
    for (const part of response.content) {
      if (part.kind !== 'tool-call' || this.#calls.has(part.id)) continue
      text += this.#startCall(part.id, part.tool)
      text += this.#addInput(part.id, part.input)
      text += this.#endCall(part.id)
    }
    return text
  }

  #delta(delta: object): string {
    const role = this.#begun ? {} : { role: 'assistant' }
    this.#begun = true
    return this.#chunk([{ index: 0, delta: { ...role, ...delta }, logprobs: null, finish_reason: null }])
  }

  #chunk(choices: readonly object[], more: object = {}): string {
    return encodeEvent({
      id: this.#id,
      object: 'chat.completion.chunk',
      created: this.#created,
      model: this.#options.model ?? '',
      choices,
      ...more,
    })
  }
}
