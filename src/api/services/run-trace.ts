import type { RunRecord, StepRecord } from '../../engine/index.ts'
import type { AttemptRow } from './attempts.ts'

interface ActSpan {
  readonly key: string
  readonly stepId: string
  readonly tool: string
  readonly state: string
  readonly startedAt: Date | null
  readonly endedAt: Date | null
}

interface TraceSources {
  readonly run: RunRecord
  readonly steps: readonly StepRecord[]
  readonly attempts: readonly AttemptRow[]
  readonly acts: readonly ActSpan[]
}

interface Span {
  readonly id: string
  readonly parent: string | null
  readonly kind: 'run' | 'step' | 'attempt' | 'act'
  readonly name: string
  readonly status: string
  readonly startedAt: string
  readonly endedAt: string | null
}

/** More than a person can look at. */
const mostActs = 2000

/** Everything in a run that took time, each within what it was part of. */
export function runTrace({ run, steps, attempts, acts }: TraceSources): {
  readonly spans: readonly Span[]
  readonly truncated: boolean
} {
  const whole: Span = {
    ...times(run.createdAt, run.endedAt),
    id: run.runId,
    parent: null,
    kind: 'run',
    name: run.workflow.name,
    status: run.status,
  }
  const ofSteps = steps.flatMap(({ stepId, itemIndex, title, status, startedAt, endedAt }): Span[] =>
    itemIndex !== undefined || startedAt === null
      ? []
      : [
          {
            ...times(startedAt, endedAt),
            id: stepSpan(stepId),
            parent: run.runId,
            kind: 'step',
            name: title,
            status,
          },
        ],
  )
  const ofAttempts = attempts.map((row): Span => {
    const item = row.item_index < 0 ? '' : `/${row.item_index}`
    return {
      ...times(row.started_at, row.ended_at),
      id: `attempt:${row.step_id}${item}:${row.attempt}:${row.take}`,
      parent: stepSpan(row.step_id),
      kind: 'attempt',
      name: `attempt ${row.attempt}${item === '' ? '' : ` of item ${row.item_index + 1}`}`,
      status: row.outcome,
    }
  })
  const ofActs = acts.slice(0, mostActs).flatMap(({ key, stepId, tool, state, startedAt, endedAt }): Span[] =>
    startedAt === null
      ? []
      : [
          {
            ...times(startedAt, endedAt),
            id: `act:${key}`,
            parent: stepSpan(stepId),
            kind: 'act',
            name: tool,
            status: state,
          },
        ],
  )
  return { spans: [whole, ...ofSteps, ...ofAttempts, ...ofActs], truncated: acts.length > mostActs }
}

function stepSpan(stepId: string): string {
  return `step:${stepId}`
}

function times(startedAt: Date, endedAt: Date | null): Pick<Span, 'startedAt' | 'endedAt'> {
  return { startedAt: startedAt.toISOString(), endedAt: endedAt?.toISOString() ?? null }
}
