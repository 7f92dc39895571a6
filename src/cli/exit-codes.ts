import type { RunView } from '../contracts/index.ts'

/** What a script can rely on; documented in docs/cli.md. */
export const exitCodes = {
  /** Delivered, nothing to do, or the command did what was asked. */
  success: 0,
  /** A defect in the studio. */
  internal: 1,
  /** The command line itself is wrong. */
  usage: 2,
  /** The run waits for a person's decision. */
  waiting: 3,
  /** No change that holds up: the report says what was tried. */
  escalated: 4,
  /** A person rejected the change. */
  rejected: 5,
  /** The run or the command ended with a coded error. */
  failed: 6,
  /** The run was cancelled. */
  cancelled: 7,
  /** Evidence or audit log do not verify. */
  unverified: 8,
  /** Interrupted; the run can be resumed. */
  interrupted: 130,
} as const

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

/** The exit code that tells a script how a run stands. */
export function exitCodeOfRun(run: Pick<RunView, 'status' | 'outcome'>): ExitCode {
  switch (run.outcome) {
    case 'delivered':
    case 'unchanged':
      return exitCodes.success
    case 'escalated':
      return exitCodes.escalated
    case 'rejected':
      return exitCodes.rejected
    case 'failed':
      return exitCodes.failed
    case 'cancelled':
      return exitCodes.cancelled
    case null:
      return run.status === 'waiting' ? exitCodes.waiting : exitCodes.interrupted
  }
}
