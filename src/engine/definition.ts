import { workflowDefinitionSchema } from '../contracts/index.ts'
import type { StepDefinition, WorkflowDefinition } from '../contracts/index.ts'
import { digestOfValue } from '../kernel/index.ts'
import type { AtelierError } from '../kernel/index.ts'
import { parseDuration } from './durations.ts'
import { readDefinitionSource } from './definition-source.ts'
import type { DefinitionSource, ValuePath } from './definition-source.ts'
import { definitionErrors } from './errors.ts'
import { parseExpression, parseTemplate } from './expressions.ts'
import type { Expression, ExpressionPlace, Template } from './expressions.ts'
import type { Plan, PlannedStep } from './plan.ts'

type DefinitionErrorKind = keyof typeof definitionErrors

interface Problem {
  readonly kind: DefinitionErrorKind
  readonly detail: string
  readonly path: ValuePath
  readonly stepId: string | undefined
}

/**
 * Turns a definition, as YAML text or as a value, into a plan. Throws the first problem found as an `ATL_WORKFLOW_…`
 * error; its details name the step and, for text, line and column, and list every other problem under `problems`.
 */
export function readDefinition(source: unknown): Plan {
  const written = readDefinitionSource(source)
  const parsed = workflowDefinitionSchema.safeParse(written.value)
  const checker = new DefinitionChecker()
  if (!parsed.success) {
    for (const issue of parsed.error.issues.slice(0, 20)) {
      const path = issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part))
      const kind = issue.code === 'invalid_format' && isDurationPath(path) ? 'BAD_DURATION' : 'INVALID'
      checker.report(
        kind,
        `${path.join('.') || 'the definition'}: ${issue.message}`,
        path,
        stepIdAt(written, path),
      )
    }
    throw checker.failure(written)
  }
  const plan = checker.check(parsed.data)
  if (plan === undefined) throw checker.failure(written)
  return plan
}

function isDurationPath(path: ValuePath): boolean {
  return ['timeout', 'backoff', 'maximum'].includes(String(path.at(-1)))
}

function stepIdAt(written: DefinitionSource, path: ValuePath): string | undefined {
  const [first, position] = path
  if (first !== 'steps' || typeof position !== 'number') return undefined
  const { value } = written
  if (typeof value !== 'object' || value === null || !('steps' in value) || !Array.isArray(value.steps))
    return undefined
  const step: unknown = value.steps[position]
  const id = typeof step === 'object' && step !== null && 'id' in step ? step.id : undefined
  return typeof id === 'string' ? id : undefined
}

class DefinitionChecker {
  readonly #problems: Problem[] = []

  report(kind: DefinitionErrorKind, detail: string, path: ValuePath, stepId?: string): void {
    this.#problems.push({ kind, detail, path, stepId })
  }

  failure(written: DefinitionSource): AtelierError {
    const problems = this.#problems.map(({ kind, detail, path, stepId }) => {
      const place = { ...(stepId === undefined ? {} : { stepId }), ...written.positionOf(path) }
      return { kind, detail, place }
    })
    const [first] = problems
    if (first === undefined) return definitionErrors.INVALID()
    const { stepId, line, column } = { stepId: undefined, line: undefined, column: undefined, ...first.place }
    const where = [
      stepId === undefined ? undefined : `step ${stepId}`,
      line === undefined ? undefined : `line ${String(line)}, column ${String(column)}`,
    ].filter((part) => part !== undefined)
    return definitionErrors[first.kind]({
      detail: where.length === 0 ? first.detail : `${first.detail} (${where.join('; ')})`,
      details: {
        ...first.place,
        problems: problems.map(({ kind, detail, place }) => ({
          code: definitionErrors[kind].code,
          detail,
          ...place,
        })),
      },
    })
  }

  check(definition: WorkflowDefinition): Plan | undefined {
    const positions = new Map<string, number>()
    for (const [position, { id }] of definition.steps.entries()) {
      if (positions.has(id)) this.report('DUPLICATE_STEP', `\`${id}\``, ['steps', position, 'id'], id)
      else positions.set(id, position)
    }
    for (const [position, { id, needs }] of definition.steps.entries())
      for (const [place, need] of needs.entries())
        if (!positions.has(need))
          this.report('UNKNOWN_NEED', `\`${need}\``, ['steps', position, 'needs', place], id)
    if (this.#problems.length > 0) return undefined

    const ancestors = this.#ancestors(definition, positions)
    if (ancestors === undefined) return undefined
    const dependents = new Map<string, string[]>(definition.steps.map(({ id }) => [id, []]))
    for (const { id, needs } of definition.steps)
      for (const need of new Set(needs)) dependents.get(need)?.push(id)

    const steps = new Map<string, PlannedStep>()
    for (const [position, step] of definition.steps.entries())
      steps.set(
        step.id,
        this.#step(definition, step, ['steps', position], ancestors, dependents.get(step.id) ?? []),
      )
    const result = new Map<string, Expression>()
    for (const [name, source] of Object.entries(definition.result)) {
      const expression = this.#expression(source, 'run', ['result', name], definition, undefined, steps)
      if (expression !== undefined) result.set(name, expression)
    }
    if (this.#problems.length > 0) return undefined
    const resultReads = new Set(
      [...result.values()].flatMap((expression) => [...(expression.steps ?? steps.keys())]),
    )
    return { digest: digestOfValue(definition), definition, steps, result, resultReads }
  }

  /** Ancestors of every step, by Kahn's algorithm; undefined, and a problem reported, when there is a cycle. */
  #ancestors(
    definition: WorkflowDefinition,
    positions: ReadonlyMap<string, number>,
  ): ReadonlyMap<string, ReadonlySet<string>> | undefined {
    const ancestors = new Map<string, Set<string>>()
    let remaining = definition.steps
    while (remaining.length > 0) {
      const next = remaining.filter(({ id, needs }) => {
        if (!needs.every((need) => ancestors.has(need))) return true
        ancestors.set(id, new Set(needs.flatMap((need) => [need, ...(ancestors.get(need) ?? [])])))
        return false
      })
      if (next.length === remaining.length) {
        const circle = findCircle(next)
        const id = circle[0] ?? ''
        this.report('CYCLE', [...circle, id].join(' → '), ['steps', positions.get(id) ?? 0, 'needs'], id)
        return undefined
      }
      remaining = next
    }
    return ancestors
  }

  #step(
    definition: WorkflowDefinition,
    step: StepDefinition,
    path: ValuePath,
    allAncestors: ReadonlyMap<string, ReadonlySet<string>>,
    dependents: readonly string[],
  ): PlannedStep {
    const ancestors = allAncestors.get(step.id) ?? new Set<string>()
    const reads = new Set<string>()
    const inside: ExpressionPlace = step.over === undefined ? 'run' : 'item'
    const expression = (
      source: string | undefined,
      place: ExpressionPlace,
      at: ValuePath,
      visible: ReadonlySet<string>,
    ): Expression | undefined => {
      if (source === undefined) return undefined
      const parsed = this.#expression(source, place, [...path, ...at], definition, step.id, visible)
      for (const id of parsed?.steps ?? visible) reads.add(id)
      return parsed
    }
    const template = (value: StepDefinition['with'], at: ValuePath, visible: ReadonlySet<string>): Template =>
      parseTemplate(value, (source, below) => expression(source, inside, below, visible) ?? unusable, at)
    const { compensate } = step
    if (compensate !== undefined && (step.kind === 'workflow' || step.kind === 'approval'))
      this.report('COMPENSATION', `\`${step.kind}\``, [...path, 'compensate'], step.id)
    return {
      id: step.id,
      definition: step,
      needs: [...new Set(step.needs)],
      dependents,
      ancestors,
      when: expression(step.when, 'run', ['when'], ancestors),
      over: expression(step.over, 'run', ['over'], ancestors),
      lock: expression(step.lock, inside, ['lock'], ancestors),
      arguments: template(step.with, ['with'], ancestors),
      compensation:
        compensate === undefined
          ? undefined
          : {
              uses: compensate.uses,
              arguments: template(compensate.with, ['compensate', 'with'], new Set([...ancestors, step.id])),
            },
      reads,
      timeoutMs: this.#duration(step.timeout, [...path, 'timeout'], step.id),
      retry: {
        attempts: step.retry?.attempts ?? 1,
        backoffMs: this.#duration(step.retry?.backoff ?? '1s', [...path, 'retry', 'backoff'], step.id),
        factor: step.retry?.factor ?? 1,
        maximumMs: this.#duration(step.retry?.maximum ?? '5m', [...path, 'retry', 'maximum'], step.id),
      },
    }
  }

  #expression(
    source: string,
    place: ExpressionPlace,
    path: ValuePath,
    definition: WorkflowDefinition,
    stepId: string | undefined,
    visible: ReadonlySet<string> | ReadonlyMap<string, unknown>,
  ): Expression | undefined {
    let expression
    try {
      expression = parseExpression(source, place)
    } catch (error) {
      this.report('BAD_EXPRESSION', firstLine(error), path, stepId)
      return undefined
    }
    for (const id of expression.steps ?? [])
      if (!visible.has(id)) this.report('NOT_AN_ANCESTOR', `\`steps.${id}\``, path, stepId)
    for (const name of expression.inputs)
      if (!Object.hasOwn(definition.inputs, name))
        this.report('UNKNOWN_INPUT', `\`inputs.${name}\``, path, stepId)
    return expression
  }

  #duration(text: string, path: ValuePath, stepId: string): number {
    const milliseconds = parseDuration(text)
    if (milliseconds === undefined) this.report('BAD_DURATION', `\`${text}\``, path, stepId)
    return milliseconds ?? 1
  }
}

/** Stands for an expression that was reported as a problem; a plan that has one is never handed out. */
const unusable: Expression = {
  source: '',
  steps: new Set(),
  inputs: new Set(),
  evaluate: () => {
    throw new Error('the expression was refused')
  },
}

/** One circle among steps that all need, directly or not, a step of a circle. */
function findCircle(steps: readonly StepDefinition[]): readonly string[] {
  const open = new Map(steps.map((step) => [step.id, step]))
  const trail: string[] = []
  let current = steps[0]
  while (current !== undefined && !trail.includes(current.id)) {
    trail.push(current.id)
    const next = current.needs.find((need) => open.has(need))
    current = next === undefined ? undefined : open.get(next)
  }
  return current === undefined ? trail : trail.slice(trail.indexOf(current.id))
}

function firstLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  return message.split('\n', 1)[0] ?? message
}
