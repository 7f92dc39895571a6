import type { ModelResponse, ModelUsage } from '../../../contracts/index.ts'

type Part = ModelResponse['content'][number]
type PartOf<K extends Part['kind']> = Extract<Part, { kind: K }>
type ProviderData = NonNullable<Part['providerData']>

/** Characters of an answer that are kept at most, and parts. What comes after is passed on but not kept. */
const longestAnswer = 16 * 1024 * 1024
const mostParts = 4096

/** Puts an answer together from its pieces. Each part has a key of the protocol's choice, by which its pieces come. */
export class AnswerAssembly {
  readonly #parts = new Map<string, Part>()
  #characters = 0
  #lastText: { readonly key: string; readonly part: PartOf<'text'> } | undefined
  version = ''
  finish: ModelResponse['finish'] | undefined
  usage: ModelUsage | undefined
  error: { readonly type: string; readonly message: string } | undefined
  started = false

  addText(key: string, text: string): void {
    if (text === '') return
    this.started = true
    if (!this.#fits(text)) return
    // Nearly every piece goes to the part that the last one went to.
    if (this.#lastText?.key === key) {
      this.#lastText.part.text += text
      return
    }
    const part = this.#part(key, () => ({ kind: 'text', text: '' }))
    if (part?.kind !== 'text') return
    part.text += text
    this.#lastText = { key, part }
  }

  addReasoning(key: string, text: string, providerData?: ProviderData): void {
    if (text === '' && providerData === undefined) return
    this.started = true
    if (!this.#fits(text)) return
    const part = this.#part(key, () => ({ kind: 'reasoning', text: '' }))
    if (part?.kind !== 'reasoning') return
    part.text += text
    if (providerData !== undefined) part.providerData = providerData
  }

  /** Begins a call of a tool, or adds the id and name that were missing. */
  startToolCall(key: string, id: string, tool: string): void {
    this.started = true
    if (!this.#fits(id + tool)) return
    const part = this.#part(key, () => ({ kind: 'tool-call', id: '', tool: '', input: '' }))
    if (part?.kind !== 'tool-call') return
    if (part.id === '') part.id = id
    if (part.tool === '') part.tool = tool
  }

  addToolInput(key: string, text: string): void {
    if (!this.#fits(text)) return
    const part = this.#parts.get(key)
    if (part?.kind === 'tool-call') part.input += text
  }

  /** Sets what was sent in pieces to what it is as a whole. */
  replaceToolInput(key: string, text: string): void {
    const part = this.#parts.get(key)
    if (part?.kind === 'tool-call' && this.#fits(text)) part.input = text
  }

  has(key: string): boolean {
    return this.#parts.has(key)
  }

  content(): ModelResponse['content'] {
    return [...this.#parts.values()]
      .filter((part) => part.kind === 'tool-call' || part.text !== '' || part.providerData !== undefined)
      .map((part) => (part.kind === 'tool-call' && part.input === '' ? { ...part, input: '{}' } : part))
  }

  #fits(text: string): boolean {
    this.#characters += text.length
    return this.#characters <= longestAnswer
  }

  #part(key: string, create: () => Part): Part | undefined {
    const known = this.#parts.get(key)
    if (known !== undefined || this.#parts.size >= mostParts) return known
    const part = create()
    this.#parts.set(key, part)
    return part
  }
}

/**
 * Usage as a provider tells it, or undefined if it cannot be true: parts that are larger than the whole, or an answer
 * without a token.
 * @param usage counts of tokens; undefined where nothing, or no count, was told.
 */
export function believableUsage(
  usage: {
    readonly input: number | undefined
    readonly output: number | undefined
    readonly cacheRead?: number | undefined
    readonly cacheWrite?: number | undefined
    readonly reasoning?: number | undefined
  },
  hasContent: boolean,
): ModelUsage | undefined {
  const { input, output, cacheRead = 0, cacheWrite = 0, reasoning = 0 } = usage
  if (input === undefined || output === undefined) return undefined
  if (cacheRead + cacheWrite > input || input === 0) return undefined
  if (reasoning > output || (output === 0 && hasContent)) return undefined
  if (Math.max(input, output) > mostTokens) return undefined
  return { input, output, cacheRead, cacheWrite, reasoning, source: 'provider' }
}

/** No context of any model holds as many. */
const mostTokens = 100_000_000
