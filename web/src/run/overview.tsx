import type { ReactNode } from 'react'
import { CircleCheck, CircleX, Eye, GitBranch } from 'lucide-react'
import type { Run, RunReport } from '../api/index.ts'
import {
  CopyButton,
  Digest,
  ErrorNote,
  formatDuration,
  formatNumber,
  Money,
  plural,
  Section,
  Status,
} from '../ui/index.ts'
import styles from './overview.module.css'

type Finding = RunReport['findings'][number]
type Escalation = NonNullable<RunReport['escalation']>

/** What a run came to, in the order in which a person asks: what came of it, why, what shows it, what to look at. */
export function RunFindings({ run }: { readonly run: Run }) {
  const { report } = run
  return (
    <div className={styles['columns']}>
      <div>
        {run.error !== null && <ErrorNote error={Object.assign(new Error(run.error.message), run.error)} />}
        {report.published !== null && <Published published={report.published} />}
        {report.escalation !== null && <EscalationView escalation={report.escalation} />}
        {report.explanation !== null && (
          <Section title="What was changed and why">
            <Explanation text={report.explanation} />
          </Section>
        )}
        {report.found.length > 0 && (
          <Section title="What was found">
            <ul className={styles['lines']}>
              {report.found.map((line) => (
                <li key={line}>{line}</li>
              ))}
            </ul>
          </Section>
        )}
        {report.proof !== null && <Proof proof={report.proof} />}
        {report.checks.length > 0 && (
          <Section title="Checks">
            <ul className={styles['lines']}>
              {report.checks.map(({ name, holds, detail }) => (
                <Outcome key={name} good={holds}>
                  <strong>{name}</strong> {detail}
                </Outcome>
              ))}
            </ul>
          </Section>
        )}
      </div>
      <div>
        {report.attention.length > 0 && (
          <Section title="Look at this">
            <ul className={styles['lines']}>
              {report.attention.map((remark) => (
                <li key={remark} className={styles['remark']}>
                  <Eye size={15} aria-hidden />
                  <span>{remark}</span>
                </li>
              ))}
            </ul>
          </Section>
        )}
        <Findings findings={report.findings} />
        <Section title="Cost">
          <p>
            <Money value={report.cost.money} />, {plural(report.cost.tokens, 'token')},{' '}
            {plural(report.cost.toolCalls, 'tool call')}, {formatDuration(report.cost.seconds)} of work
          </p>
        </Section>
      </div>
    </div>
  )
}

/** What was done and why, and below, more quietly, how that was found. */
function Explanation({ text }: { readonly text: string }) {
  const lines = text.split('\n')
  const [what, how] = lines.length > 3 ? [lines.slice(0, 2), lines.slice(2)] : [lines, []]
  return (
    <>
      <p className={styles['prose']}>{what.join('\n')}</p>
      {how.length > 0 && <p className={styles['how']}>{how.join('\n')}</p>}
    </>
  )
}

function Outcome({ good, children }: { readonly good: boolean; readonly children: ReactNode }) {
  return (
    <li className={styles['outcome']} data-good={good}>
      {good ? <CircleCheck size={15} aria-label="Holds" /> : <CircleX size={15} aria-label="Does not hold" />}
      <span>{children}</span>
    </li>
  )
}

function Published({ published }: { readonly published: NonNullable<RunReport['published']> }) {
  const command = `git fetch ${published.remote} ${published.branch}`
  return (
    <Section title="Published">
      <p className={styles['published']}>
        <GitBranch size={16} aria-hidden /> <code>{published.branch}</code>
        <Digest value={published.commit} label="commit" />
      </p>
      <p className={styles['command']}>
        <code>
          {command} <CopyButton text={command} label="Copy the command" />
        </code>
      </p>
    </Section>
  )
}

function Proof({ proof }: { readonly proof: NonNullable<RunReport['proof']> }) {
  return (
    <Section title="Proof">
      <ul className={styles['lines']}>
        {proof.fixed.map((id) => (
          <Outcome key={id} good>
            failed before, passes now: <code>{id}</code>
          </Outcome>
        ))}
        <Outcome good={proof.failed === proof.stillFailing.length}>
          {plural(proof.passed, 'test')} of the base revision {proof.passed === 1 ? 'passes' : 'pass'},{' '}
          {formatNumber(proof.failed)} fail
        </Outcome>
        {proof.stillFailing.map((id) => (
          <Outcome key={id} good={false}>
            failed before and still does: <code>{id}</code>
          </Outcome>
        ))}
      </ul>
      <p className={styles['command']}>
        <code>{proof.command}</code>
        <CopyButton text={proof.command} label="Copy the command" />
      </p>
    </Section>
  )
}

function Findings({ findings }: { readonly findings: readonly Finding[] }) {
  return (
    <Section title="Findings">
      {findings.length === 0 ? (
        <p className={styles['soft']}>Review and checks have nothing to object to.</p>
      ) : (
        <ul className={styles['findings']}>
          {findings.map((finding, index) => (
            <li key={index}>
              <p>
                <Status status={finding.severity} /> <code>{finding.rule}</code>
              </p>
              <p>{finding.message}</p>
              {finding.file !== undefined && (
                <p className={styles['soft']}>
                  <code>
                    {finding.file}
                    {finding.line !== undefined && `:${finding.line}`}
                  </code>
                </p>
              )}
              {finding.suggestion !== undefined && <p className={styles['soft']}>{finding.suggestion}</p>}
            </li>
          ))}
        </ul>
      )}
    </Section>
  )
}

/** What was tried without success, so that a person can go on from there. */
function EscalationView({ escalation }: { readonly escalation: Escalation }) {
  return (
    <Section title="A person has to go on from here">
      <p className={styles['prose']}>{escalation.hypothesis}</p>
      {escalation.attempts.length > 0 && (
        <>
          <h3 className={styles['small']}>Tried</h3>
          <ul className={styles['lines']}>
            {escalation.attempts.map(({ what, result }) => (
              <li key={what}>
                <strong>{what}</strong>: {result}
              </li>
            ))}
          </ul>
        </>
      )}
      {escalation.failingTests.length > 0 && (
        <>
          <h3 className={styles['small']}>Failing tests</h3>
          <ul className={styles['lines']}>
            {escalation.failingTests.map(({ id, message }) => (
              <Outcome key={id} good={false}>
                <code>{id}</code> {message}
              </Outcome>
            ))}
          </ul>
        </>
      )}
      {escalation.suspects.length > 0 && (
        <>
          <h3 className={styles['small']}>Where to look</h3>
          <ul className={styles['lines']}>
            {escalation.suspects.map(({ place, why }) => (
              <li key={place}>
                <code>{place}</code> {why}
              </li>
            ))}
          </ul>
        </>
      )}
      {escalation.hints.map(({ description, patch }) => (
        <details key={description} className={styles['hint']}>
          <summary>{description}</summary>
          <pre tabIndex={0}>{patch}</pre>
        </details>
      ))}
    </Section>
  )
}
