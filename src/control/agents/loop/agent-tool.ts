import { z } from 'zod'
import { type ModelTool, testReportSchema, type Tool } from '../../../contracts/index.ts'
import { AtelierError, type Clock, digestOf, reportError } from '../../../kernel/index.ts'
import type { ModelAgent } from '../agent-file.ts'
import { agentErrors } from '../errors.ts'
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
 * taken over. `failing` (`{ id, message }[]`, with `passed` where it is known) or a `report` in its output says what
 * fails. A member `text` of its output is what the model is shown; without one, the output as indented JSON.
 */
export function agentTool(tool: ToolForModel, adaptation: Adaptation = {}): AgentTool {
  const { supply = {}, present = presentOutput, observe = observeOutput } = adaptation
  const whole = schemaOf(tool.input)
  const supplied = ['tree', ...Object.keys(supply)].filter((name) => name in whole.properties)
  const modelTool = tool.modelTool ?? {
    name: modelNameOf(tool.name),
    description: tool.summary,
    input: without(whole, supplied),
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

const longestModelName = 64

/** The name of a tool as every provider takes it: letters, digits, `_` and `-`, at most 64 of them. */
export function modelNameOf(name: string): string {
  const plain = name.replaceAll(/[^A-Za-z0-9_-]/g, '_')
  return plain.length <= longestModelName
    ? plain
    : `${plain.slice(0, longestModelName - 9)}_${digestOf(name).slice('sha256:'.length).slice(0, 8)}`
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

interface ObjectSchema {
  readonly schema: JsonObject
  readonly properties: JsonObject
}

function schemaOf(type: z.ZodType): ObjectSchema {
  const json = z.toJSONSchema(type, { io: 'input', target: 'draft-7', unrepresentable: 'any' })
  const { $schema: _, ...schema } = objectSchema.parse(toJson(json))
  return { schema, properties: objectSchema.catch({}).parse(schema.properties) }
}

function without({ schema, properties }: ObjectSchema, names: readonly string[]): Record<string, JsonValue> {
  if (names.length === 0) return { ...schema }
  const required = z.array(z.string()).catch([]).parse(schema.required)
  return {
    ...schema,
    properties: Object.fromEntries(Object.entries(properties).filter(([name]) => !names.includes(name))),
    required: required.filter((name) => !names.includes(name)),
  }
}

function presentOutput(output: JsonValue): string {
  if (typeof output === 'string') return output
  const parsed = objectSchema.safeParse(output)
  if (!parsed.success) return JSON.stringify(output, null, 2)
  const { tree: _tree, text, ...others } = parsed.data
  return typeof text === 'string' ? text : JSON.stringify(others, null, 2)
}

const failingSchema = z.array(z.object({ id: z.string(), message: z.string().default('') }))

const observedSchema = z.object({
  tree: z.string().optional(),
  failing: failingSchema.optional().catch(undefined),
  passed: z.array(z.string()).optional().catch(undefined),
  report: testReportSchema.optional().catch(undefined),
})

function observeOutput(output: JsonValue): Observation {
  const parsed = observedSchema.safeParse(output)
  if (!parsed.success) return {}
  const { tree, failing, passed, report } = parsed.data
  const tests =
    failing !== undefined
      ? { failing, passed: passed ?? ('all-others' as const) }
      : report && {
          failing: report.tests
            .filter(({ outcome }) => outcome === 'failed')
            .map(({ id, message = '' }) => ({ id, message })),
          passed: report.tests.filter(({ outcome }) => outcome === 'passed').map(({ id }) => id),
        }
  return { ...(tree === undefined ? {} : { tree }), ...(tests === undefined ? {} : { tests }) }
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
  const { postcondition, recover, ...declared } = tool
  if (recover !== undefined)
    throw new TypeError(`${tool.name} has an effect outside; no agent uses it by itself`)
  return {
    ...declared,
    output: toolOutcomeSchema,
    perform: async (input, context) => {
      const started = clock.now()
      const elapsed = (): number => Math.max(0, Math.round(clock.now() - started))
      try {
        const output = tool.output.parse(await tool.perform(input, context))
        const unmet = postcondition?.call(tool, input, output)
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
