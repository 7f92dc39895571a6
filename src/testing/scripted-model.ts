import type { ModelClient, ModelEvent, ModelRequest, ModelResponse } from '../contracts/index.ts'

/** What a scripted model says: text, calls of tools, or both. */
export interface ScriptedAnswer {
  readonly text?: string
  /** An input that is a string is sent as it is, so that it can be broken. */
  readonly calls?: readonly { readonly tool: string; readonly input?: unknown; readonly id?: string }[]
  readonly finish?: ModelResponse['finish']
  readonly usage?: Partial<Pick<ModelResponse['usage'], 'input' | 'output'>>
  /** Millionths of the currency; 0 when absent. */
  readonly cost?: number | null
  /** How long it says it took; 0 when absent. */
  readonly milliseconds?: number
}

/** One line of a script. A function may look at the request and throw, to fail like a provider does. */
export type ScriptedTurn =
  | ScriptedAnswer
  | ((request: ModelRequest, turn: number) => ScriptedAnswer | Promise<ScriptedAnswer>)

export interface ScriptedModel extends ModelClient {
  /** Every request that was answered anew, in order, with its key. */
  readonly asked: readonly {
    readonly key: string
    readonly request: ModelRequest
    readonly prompt: string | undefined
  }[]
}

/**
 * A model in this process that says what a script says: line by line, the last one again and again, or whatever a function
 * makes of each request. Like the gateway it answers the same key from its record and counts it once, streams text in
 * pieces where somebody listens, and stops when told to.
 */
export function scriptedModel(script: readonly ScriptedTurn[] | ScriptedTurn): ScriptedModel {
  const turns = Array.isArray(script) ? (script as readonly ScriptedTurn[]) : [script as ScriptedTurn]
  const asked: { key: string; request: ModelRequest; prompt: string | undefined }[] = []
  const record = new Map<string, ModelResponse>()
  return {
    asked,
    ask: async (request, { key, signal, onEvent, prompt }) => {
      signal.throwIfAborted()
      const recorded = record.get(key)
      if (recorded !== undefined) return recorded
      const turn = turns[Math.min(asked.length, turns.length - 1)]
      if (turn === undefined) throw new Error('the script of the model is empty')
      asked.push({ key, request, prompt })
      const answer = typeof turn === 'function' ? await turn(request, asked.length) : turn
      const response = responseOf(answer, request, asked.length)
      if (onEvent !== undefined) await stream(response, onEvent, signal)
      signal.throwIfAborted()
      record.set(key, response)
      return response
    },
  }
}

function responseOf(answer: ScriptedAnswer, request: ModelRequest, turn: number): ModelResponse {
  const { text, calls = [], usage = {}, cost = 0, milliseconds = 0 } = answer
  return {
    content: [
      ...(text === undefined ? [] : [{ kind: 'text' as const, text }]),
      ...calls.map(({ tool, input = {}, id }, index) => ({
        kind: 'tool-call' as const,
        id: id ?? `scripted_${turn}_${index + 1}`,
        tool,
        input: typeof input === 'string' ? input : JSON.stringify(input),
      })),
    ],
    finish: answer.finish ?? (calls.length > 0 ? 'tool-calls' : 'stop'),
    usage: {
      input: usage.input ?? Math.ceil(JSON.stringify(request.messages).length / 4),
      output: usage.output ?? Math.ceil(JSON.stringify([text, calls]).length / 4),
      cacheRead: 0,
      cacheWrite: 0,
      reasoning: 0,
      source: 'counted',
    },
    cost,
    milliseconds,
    provenance: {
      model: request.model,
      version: 'scripted',
      provider: 'scripted',
      endpoint: 'in-process',
      route: request.model,
      failedBefore: [],
      cached: false,
    },
  }
}

const pieceLength = 200

async function stream(
  response: ModelResponse,
  onEvent: (event: ModelEvent) => void,
  signal: AbortSignal,
): Promise<void> {
  for (const part of response.content) {
    if (part.kind === 'tool-call') {
      const { id, tool, input } = part
      onEvent({ kind: 'tool-call-started', id, tool })
      onEvent({ kind: 'tool-call-input', id, text: input })
      onEvent({ kind: 'tool-call-ended', id })
      continue
    }
    for (let from = 0; from < part.text.length; from += pieceLength) {
      signal.throwIfAborted()
      onEvent({ kind: part.kind, text: part.text.slice(from, from + pieceLength) })
      // Whoever listens may tell it to stop between two pieces.
      await Promise.resolve()
    }
  }
  onEvent({ kind: 'finished', response })
}
