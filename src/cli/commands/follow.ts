import type { Studio } from '../../api/index.ts'
import type { QuestionView, RunView } from '../../contracts/index.ts'
import type { CliContext } from '../context.ts'
import { exitCodeOfRun, exitCodes, type ExitCode } from '../exit-codes.ts'
import { ProgressView } from '../progress.ts'
import { renderReport } from '../report.ts'
import { writeJson, writeLine } from '../terminal.ts'

/** Asks for work, and answers what agents ask about it, where nobody is named. */
export const defaultReporter = 'reporter'

export interface FollowOptions {
  readonly json: boolean
  /** Short name of the person who decides when the run asks; undefined leaves it waiting unless asked on a terminal. */
  readonly approver: string
  /** Short name of the person who answers when an agent asks on a terminal. */
  readonly answerer: string
  /** `ask` on a terminal, `approve` without asking, or `leave` the run waiting. */
  readonly whenWaiting: 'ask' | 'approve' | 'leave'
}

/** Follows a run to its end or to a decision, asks for the decision where it may, and prints the report. */
export async function followRun(
  context: CliContext,
  studio: Studio,
  runId: string,
  options: FollowOptions,
): Promise<ExitCode> {
  let sequence = 0
  for (;;) {
    sequence = await showProgress(context, studio, runId, sequence, options.json)
    const run = await studio.getRun(runId)
    if (context.signal.aborted) {
      writeLine(context.terminal.stderr, `Interrupted. Nothing is lost: atelier resume ${runId}`)
      return exitCodes.interrupted
    }
    if (run.status !== 'waiting' || !(await decide(context, studio, run, options))) {
      if (options.json) writeJson(context.terminal.stdout, run)
      else writeLine(context.terminal.stdout, `\n${renderReport(run, context.terminal)}`)
      return exitCodeOfRun(run)
    }
  }
}

async function showProgress(
  context: CliContext,
  studio: Studio,
  runId: string,
  afterSequence: number,
  json: boolean,
): Promise<number> {
  const { steps } = await studio.getRun(runId)
  const view = new ProgressView(context.terminal, new Map(steps.map(({ id, title }) => [id, title])))
  let sequence = afterSequence
  if (!json) view.start()
  try {
    for await (const event of studio.watchRun(runId, {
      afterSequence,
      follow: true,
      signal: context.signal,
    })) {
      sequence = event.sequence
      if (!json) view.take(event)
    }
  } finally {
    view.stop()
  }
  return sequence
}

/** True once a decision was made. */
async function decide(
  context: CliContext,
  studio: Studio,
  run: RunView,
  options: FollowOptions,
): Promise<boolean> {
  const { terminal } = context
  const { question, approval } = run.report
  const isAsked =
    options.whenWaiting === 'ask' && terminal.stdin.isTTY === true && terminal.stdout.isTTY === true
  if (question !== null) return isAsked && answerQuestion(context, studio, run, { ...options, question })
  const subject = approval?.subject
  if (subject === undefined) return false
  if (options.whenWaiting === 'approve') {
    writeLine(terminal.stderr, `Approving as ${studio.actsAs ?? options.approver}.`)
    await studio.decide(run.id, { decision: 'approved', by: options.approver, reason: undefined, subject })
    return true
  }
  if (!isAsked) return false
  writeLine(terminal.stdout, `\n${renderReport(run, terminal)}\n`)
  const prompts = await import('@clack/prompts')
  const answer = await prompts.select({
    message: `Publish this change? You decide as ${studio.actsAs ?? options.approver}.`,
    options: [
      { value: 'approved', label: 'Approve and publish the branch' },
      { value: 'rejected', label: 'Reject' },
      { value: 'later', label: 'Decide later' },
    ],
  })
  if (prompts.isCancel(answer) || answer === 'later') return false
  const reason = answer === 'rejected' ? await prompts.text({ message: 'Why? (it is recorded)' }) : undefined
  if (prompts.isCancel(reason)) return false
  await studio.decide(run.id, {
    decision: answer === 'approved' ? 'approved' : 'rejected',
    by: options.approver,
    reason: reason === '' ? undefined : reason,
    subject,
  })
  return true
}

/** True once the question was answered. */
async function answerQuestion(
  { terminal }: CliContext,
  studio: Studio,
  run: RunView,
  { question: { id, expiresAt }, answerer }: { readonly question: QuestionView; readonly answerer: string },
): Promise<boolean> {
  writeLine(terminal.stdout, `\n${renderReport(run, terminal)}\n`)
  const prompts = await import('@clack/prompts')
  const text = await prompts.text({
    message: `Your answer? (nothing: answer later, until ${expiresAt})`,
    defaultValue: '',
  })
  if (prompts.isCancel(text) || text.trim() === '') return false
  await studio.reply(run.id, { text, by: answerer, question: id })
  return true
}
