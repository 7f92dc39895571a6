import { z } from 'zod'
import {
  type Cost,
  type Finding,
  escalationSchema,
  findingSchema,
  type RunEventView,
  type RunOutcome,
  runOutcomeSchema,
  type RunRight,
  type RunReport,
  type RunSummary,
  type RunView,
  upkeepVerdictSchema,
  type verdictSchema,
  workItemSchema,
} from '../contracts/index.ts'
import { plural } from '../kernel/index.ts'
import type { JsonObject, RunEvent, RunRecord, StepRecord } from '../engine/index.ts'
import { type OpenQuestion, openQuestionSchema } from '../control/questions/index.ts'
import { type repairResultSchema, reproductionSchema, workspaceSchema } from '../execution/tools/index.ts'
import type { ApprovalRequest } from '../governance/approvals/index.ts'
import type { DevelopmentResult } from '../workflow/delivery/index.ts'
import { outcomesOf, outputOf } from './step-outputs.ts'

export interface RunFacts {
  readonly run: RunRecord
  readonly steps: readonly StepRecord[]
  /** Oldest first. */
  readonly approvals: readonly ApprovalRequest[]
  readonly cost: Cost
  /** Of whoever looks at the run. */
  readonly may: readonly RunRight[]
  /** Milliseconds since the epoch. */
  readonly now: number
}

/** Characters that are shown of what was asked; the work item has all of them. */
const longestDescription = 20_000

/** A run for the list. */
export function summariseRun(run: RunRecord): RunSummary {
  const workItem = workItemSchema.safeParse(run.inputs['workItem'])
  return {
    id: run.runId,
    title: workItem.success ? workItem.data.title : run.workflow.name,
    status: run.status,
    outcome: outcomeOf(run),
    repository: workItem.success ? workItem.data.repository.location : '',
    requester: run.principalId,
    projectId: run.projectId,
    createdAt: run.createdAt.toISOString(),
    endedAt: run.endedAt?.toISOString() ?? null,
  }
}

function outcomeOf(run: RunRecord): RunOutcome | null {
  if (run.status === 'failed') return 'failed'
  if (run.status === 'cancelled') return 'cancelled'
  if (run.status !== 'succeeded') return null
  const result = z.object({ outcome: runOutcomeSchema }).safeParse(run.result)
  return result.success ? result.data.outcome : null
}

/** Everything a client shows of a run, put together from its record and from nothing else. */
export function viewRun(facts: RunFacts): RunView {
  const { run, steps } = facts
  return {
    ...summariseRun(run),
    workflow: { name: run.workflow.name, digest: run.workflow.digest },
    steps: steps
      .filter(({ itemIndex }) => itemIndex === undefined)
      .map((step) => ({
        id: step.stepId,
        title: step.title,
        kind: step.kind,
        status: step.status,
        attempts: step.attempts,
        startedAt: step.startedAt?.toISOString() ?? null,
        endedAt: step.endedAt?.toISOString() ?? null,
        error: step.error === null ? null : { ...step.error },
        needs: step.needs,
      })),
    error: run.error === null ? null : { ...run.error },
    may: facts.may,
    report: reportOf(facts),
  }
}

/** What happened in a run, for whoever watches it. */
export function viewEvent(event: RunEvent): RunEventView {
  return {
    sequence: event.sequence,
    time: event.time.toISOString(),
    stepId: event.stepId,
    kind: event.kind,
    data: { ...(event.data satisfies JsonObject) },
  }
}

const reviewSchema = z.object({ findings: z.array(findingSchema) })
const publishedSchema = z.object({ repository: z.string(), branch: z.string(), commit: z.string() })

function reportOf({ run, steps, approvals, cost, now }: RunFacts): RunReport {
  const output = <T>(id: string, schema: z.ZodType<T>): T | null => outputOf(steps, id, schema)
  const workItem = workItemSchema.safeParse(run.inputs['workItem']).data
  const { repair, development, upkeep, proposal, verdict } = outcomesOf(steps)
  const repaired = repair?.outcome === 'repaired' ? repair : null
  const developed = development?.outcome === 'changed' ? development : null
  const upkept = upkeep?.outcome === 'changed' ? upkeep : null
  const check = output('check', upkeepVerdictSchema)
  const review = output('review', reviewSchema)
  const published = output('publish', publishedSchema)
  const approval = approvals.at(-1)
  return {
    asked: summariseRun(run).title,
    description: (workItem?.body ?? '').slice(0, longestDescription),
    kind: workItem?.task.kind ?? 'repair',
    found: upkeep?.found ?? [],
    checks: check?.checks ?? [],
    explanation: developed?.explanation ?? repaired?.explanation ?? upkeep?.explanation ?? null,
    patch: proposal?.change.patch ?? null,
    summary: proposal?.change.summary ?? null,
    confidence: repaired?.confidence ?? null,
    proof: verdict && proofOf(verdict),
    findings: [
      ...(upkept?.findings ?? []),
      ...(developed?.findings ?? []),
      ...distinct([...(verdict?.findings ?? []), ...(review?.findings ?? [])]),
    ],
    attention: attentionOf({
      workspace: output('workspace', workspaceSchema),
      reproduction: output('reproduce', reproductionSchema),
      confidence: repaired?.confidence ?? null,
      considered: repaired?.considered ?? [],
      development,
      taskReason: workItem?.taskReason ?? null,
      proposed: proposal !== null,
      verdict,
    }),
    escalation: escalationOf(development, repair),
    question: openQuestionOf(steps)?.question ?? null,
    approval: approval === undefined ? null : viewApproval(approval),
    published: published && {
      remote: published.repository,
      branch: published.branch,
      commit: published.commit,
    },
    cost,
    seconds: ((run.endedAt?.getTime() ?? now) - run.createdAt.getTime()) / 1000,
  }
}

/** The question that a step of the run waits with. */
export function openQuestionOf(
  steps: readonly StepRecord[],
): { readonly stepId: string; readonly question: OpenQuestion } | undefined {
  for (const { stepId, status, waiting } of steps) {
    const question = status === 'waiting' ? openQuestionSchema.safeParse(waiting?.payload).data : undefined
    if (question !== undefined) return { stepId, question }
  }
  return undefined
}

/** Of whoever tried last. */
function escalationOf(
  development: DevelopmentResult | null,
  repair: z.infer<typeof repairResultSchema> | null,
): RunReport['escalation'] {
  const last = development ?? repair
  return last?.outcome === 'escalated' ? escalationSchema.parse(last.escalation) : null
}

function proofOf({ baseTests, fixed, stillFailing }: z.infer<typeof verdictSchema>): RunReport['proof'] {
  const withOutcome = (outcome: string): number =>
    baseTests.tests.filter((test) => test.outcome === outcome).length
  return {
    command: baseTests.command,
    fixed,
    passed: withOutcome('passed'),
    failed: withOutcome('failed'),
    stillFailing,
  }
}

function viewApproval(request: ApprovalRequest): NonNullable<RunReport['approval']> {
  const decision = request.decisions.at(-1)
  return {
    status: request.status === 'changes-requested' ? 'rejected' : request.status,
    subject: request.subjectDigest,
    decidedBy: decision?.principalId ?? null,
    reason: decision?.reason === undefined || decision.reason === '' ? request.statusReason : decision.reason,
  }
}

interface AttentionFacts {
  readonly workspace: z.infer<typeof workspaceSchema> | null
  readonly reproduction: z.infer<typeof reproductionSchema> | null
  readonly confidence: number | null
  readonly considered: readonly string[]
  readonly development: DevelopmentResult | null
  readonly taskReason: string | null
  /** Whether there is a change to look at. */
  readonly proposed: boolean
  readonly verdict: z.infer<typeof verdictSchema> | null
}

/** What a person should look at before approving, most telling first. */
function attentionOf(facts: AttentionFacts): string[] {
  const { workspace, reproduction, confidence, considered, taskReason, verdict } = facts
  const remarks: string[] = []
  if (taskReason !== null) remarks.push(`the kind of work was ${taskReason}`)
  if (!facts.proposed) return remarks
  remarks.push(...remarksOnDevelopment(facts))
  if (confidence !== null)
    remarks.push(`confidence ${confidence.toFixed(2)} that this is what a maintainer would accept`)
  if (verdict?.outcome === 'rejected') remarks.push(...verdict.reasons)
  if (considered.length > 0) {
    remarks.push(`${considered.length} other edits pass the tests too, for example: ${considered[0] ?? ''}`)
  }
  if (reproduction?.relation === 'assumed') {
    remarks.push('the issue names none of the failing tests: make sure that they show what it is about')
  }
  if (reproduction?.relation === 'shown') {
    remarks.push('no test failed: one was made from the example in the issue, and is part of the change')
  }
  if (reproduction && reproduction.flaky.length > 0) {
    remarks.push(
      `${plural(reproduction.flaky.length, 'failing test is flaky and was', 'failing tests are flaky and were')} left out`,
    )
  }
  if (reproduction && reproduction.orderDependent.length > 0) {
    remarks.push(
      `${plural(reproduction.orderDependent.length, 'failing test passes alone and fails', 'failing tests pass alone and fail')} together with others; left out`,
    )
  }
  if (reproduction && reproduction.needNetwork.length > 0) {
    remarks.push(
      `${plural(reproduction.needNetwork.length, 'failing test needs the network and was', 'failing tests need the network and were')} left out`,
    )
  }
  if (verdict && verdict.stillFailing.length > 0) {
    remarks.push(
      plural(
        verdict.stillFailing.length,
        'test failed before and still fails',
        'tests failed before and still fail',
      ),
    )
  }
  if (workspace?.isolation === 'none') remarks.push('repository code ran without isolation')
  return remarks
}

/** Who has written the change, and what came before. */
function remarksOnDevelopment({ development, reproduction }: AttentionFacts): string[] {
  const author = development?.attempts.at(-1)
  if (development?.outcome !== 'changed' || author === undefined) return []
  const before = development.attempts.slice(0, -1)
  return [
    `written by ${author.agent} with a model (${author.route}); what it says of the change is a claim, the tests are not`,
    ...before.map(({ route, outcome, detail }) => `${route} tried before: ${outcome}, ${detail}`),
    ...(reproduction === null
      ? ['no test failed before: make sure that the new ones show what was asked']
      : []),
  ]
}

/** Verdict and review both look at tests, and say the same of them. */
function distinct(findings: readonly Finding[]): Finding[] {
  return [...new Map(findings.map((finding) => [JSON.stringify(finding), finding])).values()]
}
