import type { RunEvent, Step } from '../api/index.ts'

/** One try of a step. */
interface AttemptSpan {
  readonly attempt: number
  /** ISO 8601. */
  readonly from: string
  /** Null while it is under way. */
  readonly to: string | null
  readonly status: string
}

/** A step as it was at one moment of its run. */
export interface StepMoment {
  readonly id: string
  readonly title: string
  readonly kind: string
  readonly needs: readonly string[]
  readonly status: string
  readonly attempts: readonly AttemptSpan[]
  /** What it said last about what it does. */
  readonly progress: string | undefined
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function close(moment: StepMoment, to: string, status: string): StepMoment {
  const attempts = moment.attempts.map((span) => (span.to === null ? { ...span, to, status } : span))
  return { ...moment, status, attempts, progress: undefined }
}

function apply(moment: StepMoment, { kind, time, data }: RunEvent): StepMoment {
  switch (kind) {
    case 'step-started': {
      const attempt = typeof data['attempt'] === 'number' ? data['attempt'] : moment.attempts.length + 1
      const span = { attempt, from: time, to: null, status: 'running' }
      return { ...moment, status: 'running', attempts: [...moment.attempts, span], progress: undefined }
    }
    case 'progress':
      return { ...moment, progress: textOf(data['message']) ?? moment.progress }
    case 'step-waiting':
      return {
        ...moment,
        status: 'waiting',
        attempts: moment.attempts.map((span) => (span.to === null ? { ...span, status: 'waiting' } : span)),
        progress: textOf(data['reason']),
      }
    case 'step-retrying':
      return { ...close(moment, time, 'failed'), status: 'ready' }
    case 'step-ended':
      return close(moment, time, textOf(data['status']) ?? 'succeeded')
    case 'step-compensated':
      return { ...moment, status: 'compensated' }
    default:
      return moment
  }
}

/**
 * The steps as they were after the first `count` events, told by the events alone: what the run looked like while it came
 * about. Events of steps that are not in the plan are passed over.
 */
export function momentsAfter(
  steps: readonly Step[],
  events: readonly RunEvent[],
  count = events.length,
): readonly StepMoment[] {
  const moments = new Map<string, StepMoment>(
    steps.map(({ id, title, kind, needs }) => [
      id,
      { id, title, kind, needs, status: 'pending', attempts: [], progress: undefined },
    ]),
  )
  for (const event of events.slice(0, count)) {
    const moment = event.stepId === null ? undefined : moments.get(event.stepId)
    if (moment !== undefined) moments.set(moment.id, apply(moment, event))
  }
  return [...moments.values()]
}

/**
 * The steps now: as the run says, with what only events know. Between two readings of the run, an event that is newer
 * moves a step on.
 */
export function momentsNow(steps: readonly Step[], events: readonly RunEvent[]): readonly StepMoment[] {
  const told = new Map(momentsAfter(steps, events).map((moment) => [moment.id, moment]))
  return steps.map((step) => {
    const moment = told.get(step.id)
    const isNewer = moment !== undefined && moment.attempts.length > 0 && step.endedAt === null
    const { id, title, kind, needs, status } = step
    return {
      ...{ id, title, kind, needs },
      status: isNewer ? moment.status : status,
      attempts: moment?.attempts ?? [],
      progress: moment?.progress,
    }
  })
}

/** An event in words: what happened, without its step. */
export function describeEvent({ kind, data }: RunEvent): string {
  const message = textOf(data['message']) ?? textOf(data['reason'])
  const error = data['error']
  const failure =
    typeof error === 'object' && error !== null ? textOf(Reflect.get(error, 'message')) : undefined
  const words = kind.replace(/^(?:step|run)-/, '').replaceAll('-', ' ')
  const status = textOf(data['status'])
  const what = status !== undefined && words === 'ended' ? status : words
  if (kind === 'progress' || kind === 'log') return message ?? what
  return [what, failure ?? message].filter((part) => part !== undefined).join(': ')
}
