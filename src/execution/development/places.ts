import type { ToolContext } from '../../contracts/index.ts'
import type { Repository } from '../repository/index.ts'
import type { ExecutionPlaces, Workspace } from '../tools/index.ts'
import type { WorkspaceSessions } from './running/sessions.ts'

/** Something that code search found. Lines are 1-based. */
export interface CodePassage {
  readonly path: string
  readonly startLine: number
  readonly endLine: number
  readonly text: string
  /** Why it was found, in a few words. */
  readonly reason: string
}

export interface CodeQuestion {
  readonly workspace: Workspace
  readonly kind: 'meaning' | 'symbol'
  readonly query: string
  readonly limit: number
}

/** Answers questions about the code of the base revision, as far as the asking principal may read it. */
export interface CodeSearchPort {
  find(question: CodeQuestion, context: ToolContext): Promise<readonly CodePassage[]>
}

/** What the tools of the developer work with. */
export interface DevelopmentPlaces {
  readonly execution: ExecutionPlaces
  /** Warm sandboxes of the runs of this process. */
  readonly sessions: WorkspaceSessions
  /** Absent where nothing is indexed. */
  readonly codeSearch?: CodeSearchPort
  /** Globs of what only people change; {@link defaultProtectedPaths} when absent. */
  readonly protectedPaths?: readonly string[]
}

export function openRepository(
  { execution }: DevelopmentPlaces,
  { location }: Workspace,
  { tenantId }: ToolContext,
): Promise<Repository> {
  return execution.repositories.open({ tenantId, location })
}
