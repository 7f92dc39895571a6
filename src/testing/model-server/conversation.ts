/** The protocols that the server speaks. */
export const protocolNames = [
  'openai-chat',
  'openai-responses',
  'anthropic-messages',
  'google-generate-content',
  'bedrock-converse',
] as const
export type ProtocolName = (typeof protocolNames)[number]

interface ToolCall {
  readonly id: string
  readonly tool: string
  /** JSON text, or whatever the caller claims that the model wrote. */
  readonly input: string
}

interface ToolResult {
  readonly id: string
  /** Name of the tool whose call it answers; empty when the conversation has no such call. */
  readonly tool: string
  readonly text: string
}

/** What one side said before the other one spoke. Several messages of the same side in a row are one turn. */
interface Turn {
  readonly role: 'user' | 'assistant'
  readonly text: string
  readonly calls: readonly ToolCall[]
  readonly results: readonly ToolResult[]
}

export interface OfferedTool {
  readonly name: string
  /** JSON Schema of the input; undefined for a tool that takes free text. */
  readonly schema: unknown
}

/** A request without the traits of its protocol. */
export interface Conversation {
  readonly protocol: ProtocolName
  readonly model: string
  readonly stream: boolean
  /** Whether usage belongs into the stream; `/v1/chat/completions` sends it only to those who ask. */
  readonly streamsUsage: boolean
  readonly system: string
  readonly turns: readonly Turn[]
  readonly tools: readonly OfferedTool[]
  readonly maxOutputTokens: number | undefined
}

/** One message as a protocol holds it; a system message counts wherever it stands. */
export interface Message {
  readonly role: 'system' | 'user' | 'assistant'
  readonly text?: string
  readonly calls?: readonly ToolCall[]
  readonly results?: readonly Omit<ToolResult, 'tool'>[]
}

/** Joins messages of the same side, sets system messages apart and names the tool of each result. */
export function turnsOf(messages: readonly Message[]): Pick<Conversation, 'system' | 'turns'> {
  const system: string[] = []
  const turns: Turn[] = []
  const tools = new Map<string, string>()
  for (const { role, text = '', calls = [], results = [] } of messages) {
    if (role === 'system') {
      system.push(text)
      continue
    }
    for (const { id, tool } of calls) tools.set(id, tool)
    const named = results.map((result) => ({ ...result, tool: tools.get(result.id) ?? '' }))
    const before = turns.at(-1)
    if (before?.role !== role) turns.push({ role, text, calls, results: named })
    else
      turns[turns.length - 1] = {
        role,
        text: joinText([before.text, text]),
        calls: [...before.calls, ...calls],
        results: [...before.results, ...named],
      }
  }
  return { system: joinText(system), turns }
}

/** Which answer of the model is asked for, from 1. */
export function turnNumber({ turns }: Conversation): number {
  return turns.filter(({ role }) => role === 'assistant').length + 1
}

/** What came in since the model last spoke. */
function lastTurn({ turns }: Conversation): Turn | undefined {
  const last = turns.at(-1)
  return last?.role === 'user' ? last : undefined
}

/** Results of tools since the model last spoke. */
export function latestResults(conversation: Conversation): readonly ToolResult[] {
  return lastTurn(conversation)?.results ?? []
}

/** Texts and results since the model last spoke. */
export function latestText(conversation: Conversation): string {
  return textOf(lastTurn(conversation))
}

/** All that was said, by both sides, without the system's instructions. */
export function wholeText({ turns }: Conversation): string {
  return joinText(turns.map(textOf))
}

function textOf(turn: Turn | undefined): string {
  if (turn === undefined) return ''
  return joinText([
    turn.text,
    ...turn.calls.map(({ input }) => input),
    ...turn.results.map(({ text }) => text),
  ])
}

export function joinText(texts: readonly string[]): string {
  return texts.filter((text) => text !== '').join('\n')
}
