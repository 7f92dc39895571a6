import { z } from 'zod'
import type { ModelResponse } from '../../../contracts/index.ts'
import type { JsonObject } from './ports.ts'
import type { Granted, Toolbox } from './toolbox.ts'

/** One call of an answer, after reading what the model wrote. */
export type ReadCall = { readonly id: string; readonly written: string } & (
  | { readonly kind: 'call'; readonly granted: Granted; readonly input: JsonObject }
  | { readonly kind: 'malformed'; readonly tool: string; readonly problem: string }
  | { readonly kind: 'refused'; readonly tool: string }
)

export interface ReadAnswer {
  /** As it goes into the conversation: each call with an id of its own and an input that is JSON. */
  readonly content: ModelResponse['content']
  readonly calls: readonly ReadCall[]
}

const inputSchema = z.record(z.string(), z.json())

/** Reads an answer, whatever the model made of it. `turn` and `taken` make the ids of calls unique. */
export function readAnswer(
  response: ModelResponse,
  toolbox: Toolbox,
  turn: number,
  taken: ReadonlySet<string>,
): ReadAnswer {
  const ids = new Set(taken)
  const calls: ReadCall[] = []
  const content = response.content.map((part) => {
    if (part.kind !== 'tool-call') return part
    const id = part.id === '' || ids.has(part.id) ? `call_${turn}_${calls.length + 1}` : part.id
    ids.add(id)
    const parsed = parseInput(part.input)
    calls.push(readCall({ id, tool: part.tool, written: part.input }, parsed, toolbox, response.finish))
    const input = parsed === undefined ? JSON.stringify({ unreadable: part.input.slice(0, 500) }) : part.input
    return { ...part, id, input }
  })
  return {
    content: hasSubstance(content) ? content : [...content, { kind: 'text', text: '(no answer)' }],
    calls,
  }
}

function readCall(
  call: { readonly id: string; readonly tool: string; readonly written: string },
  input: JsonObject | undefined,
  toolbox: Toolbox,
  finish: ModelResponse['finish'],
): ReadCall {
  const { id, tool, written } = call
  const granted = toolbox.find(tool)
  if (granted === undefined) return { kind: 'refused', id, written, tool }
  if (input !== undefined) return { kind: 'call', id, written, granted, input }
  const problem =
    finish === 'length'
      ? 'the answer was cut off at its longest; write less at once, for example one smaller edit after the other'
      : 'the input is not a JSON object'
  return { kind: 'malformed', id, written, tool: granted.name, problem }
}

/** Models write nothing at all for a tool without parameters. */
function parseInput(written: string): JsonObject | undefined {
  if (written.trim() === '') return {}
  try {
    const parsed = inputSchema.safeParse(JSON.parse(written))
    return parsed.success ? parsed.data : undefined
  } catch {
    return undefined
  }
}

/** Providers refuse messages without any text or call. */
function hasSubstance(content: ModelResponse['content']): boolean {
  return content.some(
    (part) => part.kind === 'tool-call' || (part.kind === 'text' && part.text.trim() !== ''),
  )
}
