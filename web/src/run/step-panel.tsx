import { X } from 'lucide-react'
import type { Run, RunEvent, Step } from '../api/index.ts'
import { useShortcuts } from '../keyboard/index.ts'
import { Button, Duration, ErrorNote, Facts, plural, Status } from '../ui/index.ts'
import { Activity } from './activity.tsx'
import type { StepMoment } from './run-history.ts'
import styles from './step-panel.module.css'

/** One step: how it went, in how many attempts, and what it said. */
export function StepPanel({
  moment,
  step,
  run,
  events,
  onClose,
}: {
  readonly moment: StepMoment
  readonly step: Step | undefined
  readonly run: Run
  readonly events: readonly RunEvent[]
  readonly onClose: () => void
}) {
  useShortcuts([{ keys: 'escape', does: 'Close the step', group: 'Run', run: onClose }])
  return (
    <section className={styles['panel']} aria-label={moment.title}>
      <header className={styles['header']}>
        <h2>{moment.title}</h2>
        <Button
          look="quiet"
          aria-label="Close the step"
          icon={<X size={16} aria-hidden />}
          onClick={onClose}
        />
      </header>
      <Facts
        facts={[
          ['Status', <Status key="status" status={moment.status} />],
          ['Kind', moment.kind],
          ['Attempts', plural(moment.attempts.length, 'attempt')],
          ...moment.attempts.map(
            ({ attempt, from, to }) =>
              [`Attempt ${attempt}`, <Duration key={attempt} from={from} to={to} />] as const,
          ),
        ]}
      />
      {step?.error != null && <ErrorNote error={Object.assign(new Error(step.error.message), step.error)} />}
      <Activity events={events} steps={run.steps} stepId={moment.id} />
    </section>
  )
}
