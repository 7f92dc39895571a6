import { z } from 'zod'
import type { ModelAgent } from '../agent-file.ts'
import { agentErrors } from '../errors.ts'
import { jsonSchemaOf } from '../json-schema.ts'
import type { JsonObject, JsonValue } from '../loop/ports.ts'
import { changeResult } from './change.ts'
import { consolidationResult } from './consolidation.ts'
import { planResult } from './plan.ts'
import { reviewResult } from './review.ts'
import { testsResult } from './tests.ts'
import { triageResult } from './triage.ts'
import type { ResultType, SeenFacts } from './result-type.ts'

const types: ReadonlyMap<string, ResultType> = new Map(
  [planResult, changeResult, testsResult, reviewResult, triageResult, consolidationResult].map((type) => [
    type.name,
    type,
  ]),
)

/** What the loop needs of a result: its schema for the model, and the check of what the model wrote. */
export interface ExpectedResult {
  readonly schema: JsonObject
  check(
    value: unknown,
    facts: SeenFacts,
  ):
    | { readonly ok: true; readonly value: JsonValue }
    /** `contradicts`: it fits the schema, and not what the studio has seen. */
    | { readonly ok: false; readonly problem: string; readonly contradicts: boolean }
}

/**
 * What `finish` takes of this agent: a typed result by name, or whatever fits the JSON Schema in the file.
 * @throws ATL_AGENT_OUTPUT_UNKNOWN, ATL_AGENT_INVALID for a schema that cannot be read or is not one of an object.
 */
export function expectedResult({ name, output }: Pick<ModelAgent, 'name' | 'output'>): ExpectedResult {
  if (typeof output === 'string') {
    const type = types.get(output)
    if (type === undefined) throw agentErrors.OUTPUT_UNKNOWN({ detail: `${name}: ${output}` })
    return expecting(jsonSchemaOf(type.schema), type.schema, type.contradiction)
  }
  if (output.type !== 'object')
    throw agentErrors.INVALID({ detail: `${name}: output is not the schema of an object` })
  try {
    return expecting(output, z.fromJSONSchema(output))
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : 'not a JSON Schema'
    throw agentErrors.INVALID({ detail: `${name}: output: ${detail}`, cause })
  }
}

function expecting(
  schema: JsonObject,
  type: z.ZodType,
  contradiction?: ResultType['contradiction'],
): ExpectedResult {
  return {
    schema,
    check: (value, facts) => {
      const parsed = type.safeParse(value)
      if (!parsed.success) return { ok: false, problem: z.prettifyError(parsed.error), contradicts: false }
      const problem = contradiction?.(parsed.data, facts)
      return problem === undefined
        ? { ok: true, value: parsed.data as JsonValue }
        : { ok: false, problem, contradicts: true }
    },
  }
}
