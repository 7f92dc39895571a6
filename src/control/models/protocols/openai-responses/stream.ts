import type { ModelEvent, ModelResponse } from '../../../../contracts/index.ts'
import type { AtelierError } from '../../../../kernel/index.ts'
import { encodeEvent } from '../event-stream.ts'
import { openaiError } from '../openai-errors.ts'
import type { AnswerOptions, StreamEncoder } from '../protocol.ts'
import { textTool } from '../request-reading.ts'
import { encodePart, finishedResponse, incompleteReason, itemId, responseHead } from './answer.ts'
import type { OutputItem } from './answer.ts'

type Part = ModelResponse['content'][number]

/** An item that is being written. */
interface OpenItem {
  readonly id: string
  readonly index: number
  readonly part: Part
}

/** Writes the events of a response. Items follow each other; one ends when the next begins. */
export class ResponseStreamEncoder implements StreamEncoder {
  readonly #options: AnswerOptions
  readonly #head: ReturnType<typeof responseHead>
  readonly #output: OutputItem[] = []
  #sequence = 0
  #begun = false
  #open: OpenItem | undefined
  #hasText = false
  readonly #calls = new Set<string>()

  constructor(options: AnswerOptions = {}) {
    this.#options = options
    this.#head = responseHead(options.model ?? '')
  }

  push(event: ModelEvent): string {
    switch (event.kind) {
      case 'text':
      case 'reasoning':
        return this.#addText(event.kind, event.text)
      case 'tool-call-started':
        return this.#startCall(event.id, event.tool)
      case 'tool-call-input':
        return this.#addInput(event.id, event.text)
      case 'tool-call-ended':
        return this.#openCall(event.id) === undefined ? '' : this.#close()
      case 'finished':
        return this.#finish(event.response)
    }
  }

  fail(error: AtelierError): string {
    const { message, code } = openaiError(error)
    const text = this.#begin()
    const failed = { ...this.#head, status: 'failed', output: this.#output, error: { code, message } }
    return text + this.#event('response.failed', { response: failed })
  }

  #addText(kind: 'text' | 'reasoning', text: string): string {
    if (kind === 'text') this.#hasText = true
    let written = this.#begin()
    if (this.#open?.part.kind !== kind) written += this.#openItem({ kind, text: '' })
    const { id, index, part } = this.#open ?? unopened()
    if (part.kind !== 'tool-call') part.text += text
    const place = { item_id: id, output_index: index }
    return kind === 'text'
      ? written +
          this.#event('response.output_text.delta', { ...place, content_index: 0, delta: text, logprobs: [] })
      : written +
          this.#event('response.reasoning_summary_text.delta', { ...place, summary_index: 0, delta: text })
  }

  #startCall(id: string, tool: string): string {
    this.#calls.add(id)
    return this.#begin() + this.#openItem({ kind: 'tool-call', id, tool, input: '' })
  }

  #addInput(callId: string, text: string): string {
    const call = this.#openCall(callId)
    if (call === undefined) return ''
    call.part.input += text
    if (this.#isTextTool(call.part.tool)) return ''
    return this.#event('response.function_call_arguments.delta', {
      item_id: call.id,
      output_index: call.index,
      delta: text,
    })
  }

  #openCall(callId: string) {
    const open = this.#open
    return open?.part.kind === 'tool-call' && open.part.id === callId
      ? { ...open, part: open.part }
      : undefined
  }

  #isTextTool(tool: string): boolean {
    return this.#options.textTools?.includes(tool) === true
  }

  #finish(response: ModelResponse): string {
    const text = this.#begin() + this.#missing(response) + this.#close()
    const kind = incompleteReason(response) === undefined ? 'response.completed' : 'response.incomplete'
    return (
      text + this.#event(kind, { response: finishedResponse(this.#head, response, this.#complete(response)) })
    )
  }

  /** The items as they were written, with what is known of reasoning at the end only. */
  #complete(response: ModelResponse): readonly OutputItem[] {
    const reasoning = response.content.filter((part) => part.kind === 'reasoning')
    let next = 0
    return this.#output.map((item) => {
      if (item.type !== 'reasoning') return item
      const part = reasoning[next]
      next += 1
      return part === undefined ? item : encodePart(part, item.id, this.#options)
    })
  }

  /** What an answer from the record never sent in pieces. */
  #missing(response: ModelResponse): string {
    let text = ''
    for (const part of response.content) {
      if (part.kind === 'text' && !this.#hasText && part.text !== '') text += this.#addText('text', part.text)
      if (part.kind === 'tool-call' && !this.#calls.has(part.id))
        text += this.#startCall(part.id, part.tool) + this.#addInput(part.id, part.input)
    }
    return text
  }

  #begin(): string {
    if (this.#begun) return ''
    this.#begun = true
    return (
      this.#event('response.created', { response: this.#head }) +
      this.#event('response.in_progress', { response: this.#head })
    )
  }

  #openItem(part: Part): string {
    const closed = this.#close()
    const id = itemId(part, this.#options)
    const index = this.#output.length
    this.#open = { id, index, part }
    const empty = encodePart(part, id, this.#options)
    const item = {
      ...empty,
      ...('status' in empty && { status: 'in_progress' }),
      ...(part.kind === 'text' && { content: [] }),
    }
    const added = this.#event('response.output_item.added', { output_index: index, item })
    const place = { item_id: id, output_index: index }
    if (part.kind === 'text')
      return (
        closed +
        added +
        this.#event('response.content_part.added', { ...place, content_index: 0, part: outputText('') })
      )
    if (part.kind === 'reasoning')
      return (
        closed +
        added +
        this.#event('response.reasoning_summary_part.added', {
          ...place,
          summary_index: 0,
          part: summaryText(''),
        })
      )
    return closed + added
  }

  #close(): string {
    if (this.#open === undefined) return ''
    const { id, index, part } = this.#open
    this.#open = undefined
    const item = encodePart(part, id, this.#options)
    this.#output.push(item)
    const done = this.#event('response.output_item.done', { output_index: index, item })
    return this.#closePart(part, { item_id: id, output_index: index }) + done
  }

  #closePart(part: Part, place: { readonly item_id: string; readonly output_index: number }): string {
    if (part.kind === 'text') {
      const at = { ...place, content_index: 0 }
      return (
        this.#event('response.output_text.done', { ...at, text: part.text, logprobs: [] }) +
        this.#event('response.content_part.done', { ...at, part: outputText(part.text) })
      )
    }
    if (part.kind === 'reasoning') {
      const at = { ...place, summary_index: 0 }
      return (
        this.#event('response.reasoning_summary_text.done', { ...at, text: part.text }) +
        this.#event('response.reasoning_summary_part.done', { ...at, part: summaryText(part.text) })
      )
    }
    if (this.#isTextTool(part.tool)) {
      const input = textTool.unwrap(part.input)
      return (
        this.#event('response.custom_tool_call_input.delta', { ...place, delta: input }) +
        this.#event('response.custom_tool_call_input.done', { ...place, input })
      )
    }
    return this.#event('response.function_call_arguments.done', {
      ...place,
      name: part.tool,
      arguments: part.input,
    })
  }

  #event(type: string, members: object): string {
    const event = { type, sequence_number: this.#sequence, ...members }
    this.#sequence += 1
    return encodeEvent(event, type)
  }
}

function outputText(text: string): object {
  return { type: 'output_text', text, annotations: [], logprobs: [] }
}

function summaryText(text: string): object {
  return { type: 'summary_text', text }
}

function unopened(): never {
  throw new Error('text was written while no item was open')
}
