import type { RunView } from '../../contracts/index.ts'
import { plural } from '../../kernel/index.ts'
import type { PrincipalId, ProjectId, RunId } from '../../kernel/index.ts'

export type InboxKind = 'approval' | 'question' | 'escalation' | 'failure'

/** Something that waits, before it is known what there is to read about it. */
export interface Entry {
  readonly kind: InboxKind
  readonly id: string
  readonly runId: RunId
  readonly projectId: ProjectId
  readonly requester: PrincipalId
  readonly since: Date
  readonly subject: string | null
  readonly expiresAt: Date | null
}

const severities = ['none', 'info', 'low', 'medium', 'high', 'critical'] as const

/** Characters that are shown of what was asked. */
const longestDescription = 2000
/** Places and hints that are named of an escalation. */
const leads = 3

/** What a person reads in ten seconds. */
export function describeEntry(entry: Entry, run: RunView) {
  const { report } = run
  return {
    kind: entry.kind,
    id: entry.id,
    runId: entry.runId,
    projectId: entry.projectId,
    since: entry.since.toISOString(),
    title: run.title,
    repository: run.repository,
    requester: entry.requester,
    description: report.description.slice(0, longestDescription),
    headline: headlineOf(entry.kind, run),
    remedy: entry.kind === 'failure' ? (run.error?.remedy ?? null) : null,
    question: report.question,
    attention: attentionOf(entry.kind, report),
    change: report.summary,
    evidence: evidenceOf(report),
    risk:
      severities[Math.max(0, ...report.findings.map(({ severity }) => severities.indexOf(severity)))] ??
      'none',
    cost: report.cost,
    seconds: report.seconds,
    subject: entry.subject,
    expiresAt: entry.expiresAt?.toISOString() ?? null,
  }
}

function headlineOf(kind: InboxKind, { error, report }: RunView): string {
  const { explanation, escalation, question } = report
  switch (kind) {
    case 'question':
      return question?.question ?? 'An agent asks something'
    case 'failure':
      return error?.message ?? 'The run failed'
    case 'escalation':
      return escalation?.hypothesis ?? firstOf(explanation) ?? 'No change was found'
    case 'approval':
      return firstOf(explanation) ?? 'A change waits for approval'
  }
}

/** What was done and why, without how it was found: the first two lines of an explanation. */
function firstOf(explanation: string | null): string | undefined {
  return explanation?.split('\n').slice(0, 2).join(' ')
}

/** Where to look: at what is doubtful in a change, or at what was found out before a person had to go on. */
function attentionOf(kind: InboxKind, { attention, escalation }: RunView['report']): readonly string[] {
  if (kind !== 'escalation' || escalation === null) return attention.slice(0, 5)
  return [
    ...escalation.hints.slice(0, leads).map(({ description }) => `would pass the tests: ${description}`),
    ...escalation.suspects.slice(0, leads).map(({ place, why }) => `${place}: ${why}`),
  ]
}

function evidenceOf({ proof, checks }: RunView['report']): readonly string[] {
  const tests =
    proof === null
      ? []
      : [
          ...proof.fixed.slice(0, 3).map((test) => `fixed: ${test}`),
          `${plural(proof.passed, 'test passes', 'tests pass')}, ${proof.failed} fail`,
        ]
  return [
    ...tests,
    ...checks.map(({ name, holds, detail }) => `${name}: ${holds ? 'holds' : 'does not hold'}, ${detail}`),
  ]
}
