import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import { type Digest, digestOf } from '../../kernel/index.ts'
import { agentErrors } from './errors.ts'

const frontMatterSchema = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9-]*$/),
  version: z.int().positive(),
  role: z.string().min(1).max(500),
  /** Model policy; `none` for agents that work without one. */
  model: z.string(),
  /** Names of the tools the agent may use. */
  tools: z.array(z.string()).min(1),
  limits: z.strictObject({
    seconds: z.int().positive(),
    toolCalls: z.int().positive(),
    tokens: z.int().nonnegative(),
    /** Millionths of the currency. */
    money: z.int().nonnegative(),
  }),
  /** Below this share of certainty a result is a hint for a person, not a fix. */
  confidence: z.number().min(0).max(1),
})

/** A versioned agent: role, instructions, model policy, tool grants and limits. */
export type Agent = z.infer<typeof frontMatterSchema> & {
  readonly instructions: string
  /** Over the whole file, recorded with everything the agent does. */
  readonly digest: Digest
}

/** Parses an agent file: YAML front matter between `---` lines, then the instructions. Throws `ATL_AGENT_INVALID`. */
export function parseAgent(text: string, file: string): Agent {
  const match = /^---\n([\s\S]*?)\n---\n([\s\S]*)$/.exec(text)
  if (!match) throw agentErrors.INVALID({ detail: `${file} has no front matter` })
  let frontMatter: unknown
  try {
    frontMatter = parse(match[1] ?? '', { maxAliasCount: 0 })
  } catch (cause) {
    throw agentErrors.INVALID({
      detail: `${file}: ${cause instanceof Error ? cause.message : 'not YAML'}`,
      cause,
    })
  }
  const parsed = frontMatterSchema.safeParse(frontMatter)
  if (!parsed.success) throw agentErrors.INVALID({ detail: `${file}: ${z.prettifyError(parsed.error)}` })
  return { ...parsed.data, instructions: (match[2] ?? '').trim(), digest: digestOf(text) }
}

/** All agents of a folder, by name. */
export async function loadAgents(directory: string): Promise<ReadonlyMap<string, Agent>> {
  const files = (await readdir(directory)).filter((file) => file.endsWith('.md')).sort()
  const agents = await Promise.all(
    files.map(async (file) => parseAgent(await readFile(path.join(directory, file), 'utf8'), file)),
  )
  return new Map(agents.map((agent) => [agent.name, agent]))
}

/** The agent of this name. Throws `ATL_AGENT_UNKNOWN`. */
export function requireAgent(agents: ReadonlyMap<string, Agent>, name: string): Agent {
  const agent = agents.get(name)
  if (!agent) throw agentErrors.UNKNOWN({ detail: name })
  return agent
}

/** Throws `ATL_AGENT_TOOL_NOT_GRANTED` unless the agent file grants the tool. */
export function requireGrant(agent: Agent, tool: string): void {
  if (!agent.tools.includes(tool)) throw agentErrors.TOOL_NOT_GRANTED({ detail: `${agent.name} and ${tool}` })
}
