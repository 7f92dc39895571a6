import type {
  LanguageModelV4Content,
  LanguageModelV4FinishReason,
  LanguageModelV4StreamPart,
  LanguageModelV4Usage,
} from '@ai-sdk/provider'
import type { ModelEvent, ModelResponse, ModelUsage } from '../../../contracts/index.ts'

export type AnswerPart = ModelResponse['content'][number]
/** A piece of an answer that is under way. */
export type AnswerEvent = Exclude<ModelEvent, { kind: 'finished' }>

/** What an upstream has answered, or has until it was cut off. */
export interface Answer {
  readonly content: readonly AnswerPart[]
  readonly finish: ModelResponse['finish']
  /** The model that answered, as the provider names it; empty when it does not say. */
  readonly version: string
  /** As the provider counts; undefined when it said nothing. */
  readonly usage: ModelUsage | undefined
  /** It came to its end. */
  readonly complete: boolean
}

type Writable<T> = { -readonly [K in keyof T]: T[K] }
type Metadata = { readonly providerMetadata?: Readonly<Record<string, object>> }

/** Puts an answer together from the parts of a provider's stream. */
export class AnswerAssembly {
  readonly #parts: Writable<AnswerPart>[] = []
  readonly #open = new Map<string, Writable<AnswerPart>>()
  #finish: Answer['finish'] = 'other'
  #version = ''
  #usage: ModelUsage | undefined
  #complete = false

  /** Adds a part and answers what is new in it for whoever watches. */
  push(part: LanguageModelV4StreamPart): AnswerEvent[] {
    switch (part.type) {
      case 'text-start':
      case 'reasoning-start':
        this.#start(part.id, { kind: part.type === 'text-start' ? 'text' : 'reasoning', text: '' }, part)
        return []
      case 'text-delta':
      case 'reasoning-delta':
        return this.#grow(part)
      case 'text-end':
      case 'reasoning-end':
        this.#keepData(this.#open.get(part.id), part)
        return []
      case 'tool-input-start':
        if (part.providerExecuted === true) return []
        this.#start(part.id, { kind: 'tool-call', id: part.id, tool: part.toolName, input: '' }, part)
        return [{ kind: 'tool-call-started', id: part.id, tool: part.toolName }]
      case 'tool-input-delta':
        return this.#growInput(part.id, part.delta)
      case 'tool-input-end':
        return []
      case 'tool-call':
        return part.providerExecuted === true ? [] : this.#endCall(part)
      case 'response-metadata':
        this.#version = part.modelId ?? this.#version
        return []
      case 'finish':
        this.#finish = finishOf(part.finishReason)
        this.#usage = usageOf(part.usage)
        // The libraries make up an end where the stream stops without one.
        this.#complete = part.finishReason.unified !== 'other' || part.finishReason.raw !== undefined
        return []
      default:
        return []
    }
  }

  get answer(): Answer {
    return {
      content: this.#parts.filter(
        (part) => part.kind === 'tool-call' || part.text !== '' || part.providerData,
      ),
      finish: this.#finish,
      version: this.#version,
      usage: this.#usage,
      complete: this.#complete,
    }
  }

  #start(id: string, part: Writable<AnswerPart>, metadata: Metadata): void {
    this.#parts.push(part)
    this.#open.set(id, part)
    this.#keepData(part, metadata)
  }

  #grow(part: Extract<LanguageModelV4StreamPart, { type: 'text-delta' | 'reasoning-delta' }>): AnswerEvent[] {
    const kind = part.type === 'text-delta' ? 'text' : 'reasoning'
    if (!this.#open.has(part.id)) this.#start(part.id, { kind, text: '' }, {})
    const open = this.#open.get(part.id)
    if (open === undefined || open.kind === 'tool-call') return []
    open.text += part.delta
    this.#keepData(open, part)
    return part.delta === '' ? [] : [{ kind, text: part.delta }]
  }

  #growInput(id: string, text: string): AnswerEvent[] {
    const open = this.#open.get(id)
    if (open?.kind !== 'tool-call' || text === '') return []
    open.input += text
    return [{ kind: 'tool-call-input', id, text }]
  }

  #endCall(part: Extract<LanguageModelV4Content, { type: 'tool-call' }>): AnswerEvent[] {
    const id = part.toolCallId
    const events: AnswerEvent[] = []
    if (!this.#open.has(id)) {
      this.#start(id, { kind: 'tool-call', id, tool: part.toolName, input: '' }, {})
      events.push({ kind: 'tool-call-started', id, tool: part.toolName })
      if (part.input !== '') events.push({ kind: 'tool-call-input', id, text: part.input })
    }
    const open = this.#open.get(id)
    if (open?.kind === 'tool-call') open.input = part.input
    this.#keepData(open, part)
    return [...events, { kind: 'tool-call-ended', id }]
  }

  #keepData(part: Writable<AnswerPart> | undefined, { providerMetadata }: Metadata): void {
    if (part === undefined || providerMetadata === undefined) return
    const data = { ...part.providerData }
    for (const [provider, members] of Object.entries(providerMetadata))
      data[provider] = { ...data[provider], ...(definedMembers(members) as (typeof data)[string]) }
    part.providerData = data
  }
}

/** The events of an answer that is there already, as if it arrived just now. */
export function eventsOf(content: readonly AnswerPart[]): AnswerEvent[] {
  return content.flatMap((part): AnswerEvent[] => {
    if (part.kind !== 'tool-call') return part.text === '' ? [] : [{ kind: part.kind, text: part.text }]
    const { id, tool, input } = part
    return [
      { kind: 'tool-call-started', id, tool },
      ...(input === '' ? [] : [{ kind: 'tool-call-input' as const, id, text: input }]),
      { kind: 'tool-call-ended', id },
    ]
  })
}

function finishOf({ unified }: LanguageModelV4FinishReason): Answer['finish'] {
  return unified === 'interrupted' ? 'other' : unified
}

/** What the provider says it counted; whether that can be is judged elsewhere. */
function usageOf({ inputTokens, outputTokens }: LanguageModelV4Usage): ModelUsage | undefined {
  if (inputTokens.total === undefined && outputTokens.total === undefined) return undefined
  return {
    input: inputTokens.total ?? 0,
    output: outputTokens.total ?? 0,
    cacheRead: inputTokens.cacheRead ?? 0,
    cacheWrite: inputTokens.cacheWrite ?? 0,
    reasoning: outputTokens.reasoning ?? 0,
    source: 'provider',
  }
}

function definedMembers(members: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined))
}
