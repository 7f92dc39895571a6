import { z } from 'zod'
import { type ModelTool, testReportSchema, type Tool } from '../../../contracts/index.ts'
import { modelNameOf } from '../../../execution/development/index.ts'
import { AtelierError, type Clock, reportError } from '../../../kernel/index.ts'
import type { ModelAgent } from '../agent-file.ts'
import { agentErrors } from '../errors.ts'
import { jsonSchemaOf, propertiesOf, withoutProperties } from '../json-schema.ts'
import { ownTools } from './own-tools.ts'
import type { AgentTool, JsonObject, JsonValue, Observation, ToolOutcome } from './ports.ts'

const objectSchema = z.record(z.string(), z.json())

type ToolForModel = Pick<Tool, 'name' | 'summary' | 'input' | 'effect'> & {
  /** Tools made for models say themselves what a model writes; it becomes the member `arguments` of their input. */
  readonly modelTool?: ModelTool
}

interface Adaptation extends Partial<Pick<AgentTool, 'present' | 'observe'>> {
  /** Members of the input that the studio fills in, beside `tree`; the model neither sees nor writes them. */
  readonly supply?: JsonObject
}

/**
 * A tool of the studio as an agent sees it. A member `tree` of its input is filled in by the loop; one of its output is
 * taken over. A member `failing` of its output (ids, or ids with messages) says which tests fail. A member `text` of its output is what the model is shown; without one, the output as indented JSON.
 */
export function agentTool(tool: ToolForModel, adaptation: Adaptation = {}): AgentTool {
  const { supply = {}, present = presentOutput, observe = observeOutput } = adaptation
  const schema = jsonSchemaOf(tool.input)
  const supplied = ['tree', ...Object.keys(supply)].filter((name) => name in propertiesOf(schema))
  const modelTool = tool.modelTool ?? {
    name: modelNameOf(tool.name),
    description: tool.summary,
    input: withoutProperties(schema, supplied),
  }
  return {
    name: tool.name,
    modelTool,
    readOnly: tool.effect === 'read',
    inputFor: (written, tree) => {
      const forged = tool.modelTool === undefined ? supplied.find((name) => name in written) : undefined
      if (forged !== undefined) return { problem: `there is no ${forged} in the input` }
      const input = {
        ...(tool.modelTool === undefined ? written : { arguments: { ...written } }),
        ...Object.fromEntries(
          supplied.map((name) => [name, name === 'tree' ? tree : (supply[name] ?? null)]),
        ),
      }
      const parsed = tool.input.safeParse(input)
      return parsed.success ? { input } : { problem: z.prettifyError(parsed.error) }
    },
    present,
    observe,
  }
}

/** The tools that the agent file grants, out of all there are. Throws `ATL_AGENT_TOOL_MISSING`. */
export function grantedTools(agent: ModelAgent, all: readonly AgentTool[]): readonly AgentTool[] {
  return agent.tools
    .filter((name) => !ownTools.has(name))
    .map((name) => {
      const tool = all.find((one) => one.name === name)
      if (tool === undefined) throw agentErrors.TOOL_MISSING({ detail: `${agent.name} and ${name}` })
      return tool
    })
}

function presentOutput(output: JsonValue): string {
  if (typeof output === 'string') return output
  const parsed = objectSchema.safeParse(output)
  if (!parsed.success) return JSON.stringify(output, null, 2)
  const { text, ...others } = parsed.data
  delete others.tree
  return typeof text === 'string' ? text : JSON.stringify(others, null, 2)
}

const failingSchema = z.array(
  z.union([
    z.string().transform((id) => ({ id, message: '' })),
    z.object({ id: z.string(), message: z.string() }),
  ]),
)

const observedSchema = z.object({
  tree: z.string().optional(),
  outcome: testReportSchema.shape.outcome.optional().catch(undefined),
  failing: failingSchema.optional().catch(undefined),
})

const selectionSchema = z.object({
  files: z.array(z.string()).optional().catch(undefined),
  names: z.array(z.string()).optional().catch(undefined),
})

/** Stands for all tests where the runner ended without saying which of them fail. */
const wholeSuite = 'the test suite as a whole'

/**
 * Reads `tree`, `failing` and `outcome` of an output. After a run of some tests (`files`, `names` of the input), only what
 * was selected can pass.
 */
function observeOutput(output: JsonValue, input: JsonObject): Observation {
  const { tree, outcome, failing } = observedSchema.catch({}).parse(output)
  const left = tree === undefined ? {} : { tree }
  if (failing === undefined || outcome === 'no-tests') return left
  if (outcome === 'crashed' || outcome === 'timed-out') {
    const suite = { id: wholeSuite, message: outcome }
    return { ...left, tests: { failing: [suite, ...failing], passes: () => false } }
  }
  const { files, names } = selectionSchema.catch({}).parse(input)
  const passes = (id: string): boolean =>
    id === wholeSuite ||
    (files === undefined && names === undefined) ||
    (files?.some((file) => id.startsWith(file)) ?? false) ||
    (names?.some((name) => id.endsWith(name)) ?? false)
  return { ...left, tests: { failing, passes } }
}

const toolOutcomeSchema: z.ZodType<ToolOutcome> = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('answered'), output: z.json(), milliseconds: z.int().nonnegative() }),
  z.object({
    kind: z.literal('failed'),
    error: z.object({ code: z.string(), message: z.string(), remedy: z.string() }),
    milliseconds: z.int().nonnegative(),
  }),
])

/**
 * The tool as agents use it through the door: its output is what came of the call and how long it took, so that both are
 * on the record, and a failure that the model is told is answered from there too. Failures that may pass, and a call that
 * was told to stop, are thrown as ever.
 */
export function recordingTool<I, O>(tool: Tool<I, O>, clock: Clock): Tool<I, ToolOutcome> {
  if (tool.recover !== undefined)
    throw new TypeError(`${tool.name} has an effect outside; no agent uses it by itself`)
  const { name, summary, input, effect, permissions, failureModes, worstCase } = tool
  return {
    name,
    summary,
    input,
    effect,
    permissions,
    failureModes,
    worstCase,
    ...(tool.precondition && { precondition: (value: I) => tool.precondition?.(value) }),
    output: toolOutcomeSchema,
    perform: async (input, context) => {
      const started = clock.now()
      const elapsed = (): number => Math.max(0, Math.round(clock.now() - started))
      try {
        const output = tool.output.parse(await tool.perform(input, context))
        const unmet = tool.postcondition?.(input, output)
        if (unmet !== undefined) throw agentErrors.RESULT_WRONG({ detail: `${tool.name}: ${unmet}` })
        return { kind: 'answered', output: z.json().parse(toJson(output)), milliseconds: elapsed() }
      } catch (error) {
        if (!(error instanceof AtelierError) || error.retryable || context.signal.aborted) throw error
        const { code, message, remedy } = reportError(error)
        return { kind: 'failed', error: { code, message, remedy }, milliseconds: elapsed() }
      }
    },
  }
}

function toJson(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value ?? null))
}
