import { z } from 'zod'
import { makePlan } from '../planning/index.ts'
import type { PlanningFacts } from '../planning/index.ts'
import { readDefinition } from '../../engine/index.ts'
import { AtelierError, errorCatalogue } from '../../kernel/index.ts'
import type { WorkflowDefinition } from '../../contracts/index.ts'

/** Something wrong with the text of a workflow. */
interface WorkflowProblem {
  readonly code: string
  readonly message: string
  /** What to do about it. */
  readonly remedy: string
  /** Both from 1; null where the problem has no single place. */
  readonly line: number | null
  readonly column: number | null
  readonly stepId: string | null
}

export interface CheckedWorkflow {
  /** Null while something is wrong. */
  readonly definition: WorkflowDefinition | null
  readonly problems: readonly WorkflowProblem[]
}

/** What a text has to fit: the version in use under its name, and what there is to perform steps with. */
export interface WorkflowSurroundings extends Omit<PlanningFacts, 'workflow'> {
  readonly inUse: WorkflowDefinition
}

const anyIntent = {
  kind: 'other' as const,
  goal: '',
  acceptanceCriteria: [],
  files: [],
  symbols: [],
  tests: [],
  stackFrames: [],
  snippets: [],
  commands: [],
}

const placesSchema = z.object({
  problems: z.array(
    z.object({
      code: z.string(),
      detail: z.string(),
      line: z.int().optional(),
      column: z.int().optional(),
      stepId: z.string().optional(),
    }),
  ),
})

/**
 * Reads a workflow as it is being written: its syntax, its graph and expressions, whether it can take the place of the
 * version in use, and whether its plan would hold: tools and agents exist, effects wait for an approval, the worst case
 * fits the budget of a run.
 */
export function checkWorkflow(text: string, { inUse, ...facts }: WorkflowSurroundings): CheckedWorkflow {
  let definition: WorkflowDefinition
  try {
    ;({ definition } = readDefinition(text))
  } catch (error) {
    return { definition: null, problems: problemsOf(error) }
  }
  const at = (pattern: RegExp) => placeOf(text, pattern)
  const problems: WorkflowProblem[] = []
  const report = (message: string, remedy: string, place: Place = nowhere): void => {
    problems.push({ code: 'ATL_WORKFLOWS_NOT_READY', message, remedy, ...place, stepId: null })
  }
  if (definition.name !== inUse.name)
    report(
      `The name is ${definition.name}, but this takes the place of ${inUse.name}`,
      `Write \`name: ${inUse.name}\`.`,
      at(/^name:/m),
    )
  if (definition.version <= inUse.version)
    report(
      `Version ${inUse.version} is in use already`,
      `Write \`version: ${inUse.version + 1}\` or higher.`,
      at(/^version:/m),
    )
  for (const [name, { required }] of Object.entries(inUse.inputs))
    if (required && !Object.hasOwn(definition.inputs, name))
      report(
        `Runs are given \`${name}\`, which is not declared`,
        `Declare it under \`inputs\`.`,
        at(/^inputs:/m),
      )
  for (const [name, { required }] of Object.entries(definition.inputs))
    if (required && !Object.hasOwn(inUse.inputs, name))
      report(
        `No run is given the input \`${name}\``,
        'Take it away, or write `required: false`.',
        at(new RegExp(`^\\s+${name}:`, 'm')),
      )
  try {
    makePlan(anyIntent, { workflow: definition, ...facts })
  } catch (error) {
    problems.push(...problemsOf(error))
  }
  return problems.length === 0 ? { definition, problems } : { definition: null, problems }
}

type Place = Pick<WorkflowProblem, 'line' | 'column'>
const nowhere: Place = { line: null, column: null }

function placeOf(text: string, pattern: RegExp): Place {
  const found = pattern.exec(text)
  if (found === null) return nowhere
  return { line: text.slice(0, found.index).split('\n').length, column: 1 }
}

function problemsOf(error: unknown): readonly WorkflowProblem[] {
  if (!(error instanceof AtelierError)) throw error
  const remedies = new Map(errorCatalogue().map(({ code, remedy }) => [code, remedy]))
  const places = placesSchema.safeParse(error.details)
  if (places.success)
    return places.data.problems.map(({ code, detail, line, column, stepId }) => ({
      code,
      message: detail,
      remedy: remedies.get(code) ?? error.remedy,
      line: line ?? null,
      column: column ?? null,
      stepId: stepId ?? null,
    }))
  const place = z.object({ line: z.int(), column: z.int() }).safeParse(error.details)
  return [
    {
      code: error.code,
      message: error.message,
      remedy: error.remedy,
      ...(place.success ? { line: place.data.line, column: place.data.column } : nowhere),
      stepId: null,
    },
  ]
}
