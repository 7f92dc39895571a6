import { z } from 'zod'
import type { Cost, EffectClass, ModelTool, Tool, ToolContext } from '../../contracts/index.ts'
import { digestOf, errorCodes } from '../../kernel/index.ts'
import { workspaceFailures, workspaceSchema } from '../tools/index.ts'
import { developmentErrors } from './errors.ts'

/** A git object id. */
const treeSchema = z
  .string()
  .regex(/^[0-9a-f]{40}([0-9a-f]{24})?$/)
  .describe('git tree that the call works on')

/** What every tool says when it is done. */
export interface AgentToolOutput {
  /** The tree that the call leaves; absent for tools that have nothing to do with one. */
  readonly tree?: string
  /** What the model is told. */
  readonly text: string
}

/**
 * A tool that a model may call. Its input is `{ arguments }`, which the model writes, together with what the studio
 * supplies beside it: the model neither sees nor writes workspaces and trees.
 */
export interface AgentTool<I = unknown, O extends AgentToolOutput = AgentToolOutput> extends Tool<I, O> {
  /** Which fields of the input are supplied beside `arguments`. */
  readonly supplied: readonly ('workspace' | 'tree')[]
  /** As it is shown to a model: a name that every provider takes, and the JSON Schema of `arguments`. */
  readonly modelTool: ModelTool
}

/** What a tool of the developer is told and says. */
export interface DeveloperInput<A> {
  readonly workspace: z.infer<typeof workspaceSchema>
  readonly tree: string
  readonly arguments: A
}

/** What most tools of the developer say. */
export const developerOutputSchema = z.object({
  tree: treeSchema.describe('git tree that the call leaves'),
  text: z.string().describe('the result as the model reads it'),
  /** Paths of the files that the call changed, sorted. */
  changed: z.array(z.string()),
})
export type DeveloperOutput = z.infer<typeof developerOutputSchema>

interface DeveloperToolDefinition<A, O extends AgentToolOutput> {
  readonly name: string
  /** What a model reads about it. */
  readonly summary: string
  readonly parameters: z.ZodObject & z.ZodType<A>
  readonly output: z.ZodType<O>
  readonly effect: EffectClass
  readonly permissions: readonly string[]
  /** Seconds that one call may take at most; a minute unless it says otherwise. */
  readonly seconds?: number
  perform(input: DeveloperInput<A>, context: ToolContext): Promise<O>
}

/** How the tools of the developer can fail. */
const failureModes = [...errorCodes(developmentErrors), ...workspaceFailures]

/** A tool that works on a tree of the run's repository. */
export function defineDeveloperTool<A, O extends AgentToolOutput>(
  definition: DeveloperToolDefinition<A, O>,
): AgentTool<DeveloperInput<A>, O> {
  const { parameters, seconds = 60, ...rest } = definition
  const worstCase: Cost = { money: 0, tokens: 0, toolCalls: 1, seconds }
  return {
    ...rest,
    failureModes,
    worstCase,
    input: z.object({ workspace: workspaceSchema, tree: treeSchema, arguments: parameters }),
    supplied: ['workspace', 'tree'],
    modelTool: {
      name: modelNameOf(definition.name),
      description: definition.summary,
      input: jsonSchemaOf(parameters),
    },
  }
}

const longestModelName = 64

/** The name of a tool as all providers take it: letters, digits, `_` and `-`, at most 64 of them. */
export function modelNameOf(name: string): string {
  const plain = name.replaceAll(/[^A-Za-z0-9_-]/g, '_')
  if (plain.length <= longestModelName) return plain
  const digest = digestOf(name).replace(/^.*:/, '').slice(0, 8)
  return `${plain.slice(0, longestModelName - 9)}_${digest}`
}

const jsonSchemaSchema = z.record(z.string(), z.json())

function jsonSchemaOf(schema: z.ZodType): ModelTool['input'] {
  const described = jsonSchemaSchema.parse(z.toJSONSchema(schema, { io: 'input' }))
  // The dialect is what every provider presumes; naming it upsets some.
  return Object.fromEntries(Object.entries(described).filter(([key]) => key !== '$schema'))
}
