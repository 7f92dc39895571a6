import type { CodeQueries } from './code-queries.ts'
import type { RoutingQueries } from './routing-queries.ts'
import type { ToolServers } from './tool-servers.ts'
import type { RunEventView, RunSummary, RunView, Submission } from '../contracts/index.ts'

export interface Page<T> {
  readonly items: readonly T[]
  /** Pass as `after` for the next page; null at the end. */
  readonly next: string | null
}

export interface Decision {
  readonly decision: 'approved' | 'rejected'
  /** Short name of the person who decides. */
  readonly by: string
  readonly reason: string | undefined
  /**
   * Digest of what the person was shown. The decision is refused if the run's subject is another one by now; absent
   * means whatever is pending.
   */
  readonly subject: string | undefined
}

export interface Reply {
  readonly text: string
  /** Short name of the person who answers. */
  readonly by: string
  /** Id of the question that the person was shown; whatever the run waits with when absent. */
  readonly question: string | undefined
}

export interface AuditReport {
  readonly ok: boolean
  readonly records: number
  readonly problems: readonly { readonly sequence: number; readonly kind: string; readonly message: string }[]
}

/** What every client of the studio can do. The command line uses it in process; a transport may stand in between. */
export interface Studio {
  /** Short name of whoever all that is done here is done by; null on this machine, where people are who they say they are. */
  readonly actsAs: string | null
  /** Questions about code. */
  readonly code: CodeQueries
  /** Questions about who tries which work. */
  readonly routing: RoutingQueries
  /** MCP servers whose tools agents use. */
  readonly toolServers: ToolServers
  submit(submission: Submission): Promise<{ readonly runId: string }>
  listRuns(query: { readonly limit: number; readonly after?: string }): Promise<Page<RunSummary>>
  /** `runId` may be a unique prefix or suffix, or `latest`. */
  getRun(runId: string): Promise<RunView>
  /** Events after `afterSequence`, then new ones as they come, until the run has ended or waits for a person. */
  watchRun(
    runId: string,
    options: { readonly afterSequence?: number; readonly follow: boolean; readonly signal?: AbortSignal },
  ): AsyncIterable<RunEventView>
  decide(runId: string, decision: Decision): Promise<RunView>
  /** Tells an agent what it has asked a person; the run goes on with that. */
  reply(runId: string, reply: Reply): Promise<RunView>
  cancelRun(runId: string, by: string, reason: string): Promise<RunView>
  /** Goes on with a run whose process died, or tries its failed steps again. */
  resumeRun(runId: string, by: string): Promise<RunView>
  /** Vouches for a repository, so that its code may run without a sandbox where policy allows; or takes that back. */
  setTrust(
    repository: string,
    decision: { readonly trusted: boolean; readonly by: string; readonly reason: string },
  ): Promise<void>
  exportEvidence(runId: string, by: string): Promise<unknown>
  verifyAudit(by: string): Promise<AuditReport>
  close(): Promise<void>
}
