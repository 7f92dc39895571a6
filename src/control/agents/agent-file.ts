import { parse } from 'yaml'
import { z } from 'zod'
import { breakerLimitsSchema } from './breakers/index.ts'
import { type Digest, digestOf } from '../../kernel/index.ts'
import { agentErrors } from './errors.ts'

const limitsSchema = z.strictObject({
  seconds: z.int().positive(),
  toolCalls: z.int().positive(),
  tokens: z.int().nonnegative(),
  /** Millionths of the currency. */
  money: z.int().nonnegative(),
})

const named = {
  name: z.string().regex(/^[a-z][a-z0-9-]{0,63}$/, 'lower-case letters, digits and dashes'),
  version: z.int().positive(),
  role: z.string().min(1).max(500),
  /** Names of the tools the agent may use. */
  tools: z
    .array(z.string().regex(/^[a-zA-Z][\w.-]{0,63}$/, 'the name of a tool'))
    .min(1)
    .refine((tools) => new Set(tools).size === tools.length, 'a tool is named twice'),
}

const toolAgentSchema = z.strictObject({
  ...named,
  model: z.literal('none'),
  limits: limitsSchema,
  /** Below this share of certainty a result is a hint for a person, not a fix. */
  confidence: z.number().min(0).max(1),
})

/** How an agent asks models. */
const modelPolicySchema = z
  .strictObject({
    /**
     * A model of the catalogue or a route, where routing names none; whether the run may use it is decided by the gateway.
     */
    route: z.string().min(1).max(200),
    reasoning: z.enum(['none', 'minimal', 'low', 'medium', 'high', 'xhigh']).optional(),
    temperature: z.number().min(0).max(2).optional(),
    topP: z.number().gt(0).max(1).optional(),
    /** Most tokens of one answer. */
    maxOutputTokens: z.int().min(256).max(200_000).default(8192),
    /** Most tokens of one request; older turns are compacted before it is reached. */
    contextTokens: z.int().min(4000).max(2_000_000).default(100_000),
  })
  .refine(
    ({ maxOutputTokens, contextTokens }) => maxOutputTokens <= contextTokens / 2,
    'maxOutputTokens leaves less than half of contextTokens for the request',
  )

const modelAgentSchema = z.strictObject({
  ...named,
  model: modelPolicySchema,
  limits: limitsSchema.extend({
    /** Answers of the model, whatever is in them. */
    steps: z.int().positive(),
  }),
  breakers: breakerLimitsSchema.prefault({}),
  /** What `finish` takes: the name of a typed result, or a JSON Schema of an object. */
  output: z.union([z.string().min(1), z.record(z.string(), z.json())]),
})

const programAgentSchema = z.strictObject({
  ...named,
  /** Somebody else's coding agent, which the studio starts in a sandbox, see docs/coding-agents.md. */
  program: z.string().min(1).max(64),
  /** Through its command line, or by the Agent Client Protocol. */
  speaks: z.enum(['headless', 'acp']).default('headless'),
  limits: limitsSchema,
})

interface FromFile {
  readonly instructions: string
  /** Over the whole file, recorded with everything the agent does. */
  readonly digest: Digest
}

/** An agent that works without a model: it has one tool to use. */
export type ToolAgent = z.infer<typeof toolAgentSchema> & FromFile
/** An agent that a model plays, within limits and breakers. */
export type ModelAgent = z.infer<typeof modelAgentSchema> & FromFile
/** An agent that is a program of others: it works in a sandbox and asks models through the gateway. */
export type ProgramAgent = z.infer<typeof programAgentSchema> & FromFile
/** A versioned agent: role, instructions, model policy, tool grants and limits. */
export type Agent = ToolAgent | ModelAgent | ProgramAgent

/**
 * Parses an agent file: YAML front matter between `---` lines, then the instructions.
 * @throws ATL_AGENT_INVALID with file and place of whatever is unknown, missing or wrong.
 */
export function parseAgent(text: string, file: string): Agent {
  const match = /^---\n([\s\S]*?)\n---\n([\s\S]*)$/.exec(text.replaceAll('\r\n', '\n'))
  if (!match) throw agentErrors.INVALID({ detail: `${file} has no front matter` })
  const frontMatter = parseYaml(match[1] ?? '', file)
  const parsed = schemaFor(frontMatter).safeParse(frontMatter)
  if (!parsed.success) throw agentErrors.INVALID({ detail: `${file}: ${z.prettifyError(parsed.error)}` })
  const instructions = (match[2] ?? '').trim()
  if (instructions === '') throw agentErrors.INVALID({ detail: `${file} has no instructions` })
  return { ...parsed.data, instructions, digest: digestOf(text) }
}

function schemaFor(frontMatter: unknown) {
  if (typeof frontMatter !== 'object' || frontMatter === null) return modelAgentSchema
  if ('program' in frontMatter) return programAgentSchema
  return 'model' in frontMatter && frontMatter.model === 'none' ? toolAgentSchema : modelAgentSchema
}

/** Who plays an agent: a model in the studio's own loop, one tool without any model, or a program of others. */
export function playedBy(agent: Agent): 'model' | 'tool' | 'program' {
  if ('program' in agent) return 'program'
  return agent.model === 'none' ? 'tool' : 'model'
}

function parseYaml(text: string, file: string): unknown {
  try {
    return parse(text, { maxAliasCount: 0 })
  } catch (cause) {
    throw agentErrors.INVALID({
      detail: `${file}: ${cause instanceof Error ? cause.message : 'not YAML'}`,
      cause,
    })
  }
}

/** The agent of this name. Throws `ATL_AGENT_UNKNOWN`. */
export function requireAgent(agents: ReadonlyMap<string, Agent>, name: string): Agent {
  const agent = agents.get(name)
  if (!agent) throw agentErrors.UNKNOWN({ detail: name })
  return agent
}

/** The agent of this name, which a model has to play. Throws `ATL_AGENT_UNKNOWN` or `ATL_AGENT_WITHOUT_MODEL`. */
export function requireModelAgent(agents: ReadonlyMap<string, Agent>, name: string): ModelAgent {
  const agent = requireAgent(agents, name)
  if ('program' in agent || agent.model === 'none') throw agentErrors.WITHOUT_MODEL({ detail: name })
  return agent
}

/** Throws `ATL_AGENT_TOOL_NOT_GRANTED` unless the agent file grants the tool. */
export function requireGrant(agent: Agent, tool: string): void {
  if (!agent.tools.includes(tool)) throw agentErrors.TOOL_NOT_GRANTED({ detail: `${agent.name} and ${tool}` })
}

/** Which version of which prompt it is, for the record of every model call. */
export function promptVersion({ name, version, digest }: Agent): string {
  return `${name}@${version} ${digest}`
}
