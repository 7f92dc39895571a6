import type { ToolContext } from '../../../contracts/index.ts'
import type { Repository } from '../../repository/index.ts'
import type { Sandbox } from '../../sandbox/index.ts'
import { type ExecutionPlaces, openSandbox, type Workspace } from '../../tools/index.ts'
import { canBringTo, bringTo } from './bring-to.ts'

/**
 * What a sandbox is kept for. In that of `shell` everything stays that commands leave behind, such as what a build has
 * made; that of `tests` is put back after every run, so that a run of tests depends on the tree alone.
 */
type SessionPurpose = 'shell' | 'tests'

export interface SessionRequest {
  readonly purpose: SessionPurpose
  readonly workspace: Workspace
  /** The tree that the sandbox has to hold. */
  readonly tree: string
}

/** A sandbox that holds a tree. */
export interface OpenSession {
  readonly sandbox: Sandbox
  readonly repository: Repository
  /** The tree that the sandbox was opened on; what differs from it was written since. */
  readonly floor: string
  /** Says which tree the sandbox holds by now. A session that is not told so is not used again. */
  leaves(tree: string): void
}

export interface SessionOptions {
  /** Sandboxes kept at the same time. */
  readonly most?: number
  /** Milliseconds after which a sandbox that nobody uses is destroyed. */
  readonly idleMs?: number
}

interface Session {
  readonly sandbox: Sandbox
  readonly repository: Repository
  readonly floor: string
  tree: string
  idle: NodeJS.Timeout | undefined
}

/**
 * Warm sandboxes, one for each run and purpose. They only save time: a sandbox that is gone, after a crash or for want
 * of room, is made again from the tree.
 */
export class WorkspaceSessions {
  readonly #places: ExecutionPlaces
  readonly #most: number
  readonly #idleMs: number
  /** The longest unused one comes first. */
  readonly #kept = new Map<string, Session>()
  /** The end of what was last asked of a session: calls of one run take turns. */
  readonly #turns = new Map<string, Promise<unknown>>()

  constructor(places: ExecutionPlaces, { most = 8, idleMs = 5 * 60_000 }: SessionOptions = {}) {
    this.#places = places
    this.#most = most
    this.#idleMs = idleMs
  }

  /** Does work in a sandbox that holds the tree, without network. It is destroyed when the work fails. */
  async use<T>(
    request: SessionRequest,
    context: ToolContext,
    work: (session: OpenSession) => Promise<T>,
  ): Promise<T> {
    const key = keyOf(request, context)
    const before = this.#turns.get(key) ?? Promise.resolve()
    const turn = before.then(() => this.#take(key, request, context, work))
    const ended = turn.catch(() => undefined)
    this.#turns.set(key, ended)
    try {
      return await turn
    } finally {
      if (this.#turns.get(key) === ended) this.#turns.delete(key)
    }
  }

  /** Destroys the sandboxes of a run; call it when the run has ended. */
  async release({ tenantId, runId }: Pick<ToolContext, 'tenantId' | 'runId'>): Promise<void> {
    const prefix = `${tenantId}\n${runId}\n`
    const keys = [...this.#kept.keys()].filter((key) => key.startsWith(prefix))
    await Promise.all(keys.map((key) => this.#discard(key)))
  }

  async close(): Promise<void> {
    await Promise.all([...this.#kept.keys()].map((key) => this.#discard(key)))
  }

  async #take<T>(
    key: string,
    request: SessionRequest,
    context: ToolContext,
    work: (session: OpenSession) => Promise<T>,
  ): Promise<T> {
    context.signal.throwIfAborted()
    const session = await this.#sessionFor(key, request, context)
    let left: string | undefined
    try {
      const { sandbox, repository, floor } = session
      const result = await work({ sandbox, repository, floor, leaves: (tree) => (left = tree) })
      if (left !== undefined) {
        if (request.purpose === 'tests') {
          await sandbox.rollback()
          left = floor
        }
        session.tree = left
        this.#keep(key, session)
      }
      return result
    } finally {
      if (!this.#kept.has(key)) await session.sandbox.destroy()
    }
  }

  /** A kept sandbox brought to the tree, or a fresh one. While it is used it is not among the kept. */
  async #sessionFor(key: string, request: SessionRequest, context: ToolContext): Promise<Session> {
    const kept = this.#kept.get(key)
    if (kept !== undefined) {
      clearTimeout(kept.idle)
      this.#kept.delete(key)
      try {
        if (await canBringTo(kept.repository, kept.tree, request.tree)) {
          await bringTo(kept, request.tree, context.signal)
          return kept
        }
      } catch (error) {
        context.signal.throwIfAborted()
        context.logger.log('info', { error }, 'A warm sandbox cannot be used any more')
      }
      await kept.sandbox.destroy()
    }
    return this.#open(request, context)
  }

  /** On the base where that is near, so that not every tree of a run has to be written to disk. */
  async #open({ workspace, tree }: SessionRequest, context: ToolContext): Promise<Session> {
    const { tenantId } = context
    const repository = await this.#places.repositories.open({ tenantId, location: workspace.location })
    const base = workspace.base.tree
    const floor = (await canBringTo(repository, base, tree)) ? base : tree
    context.report('opening a sandbox')
    const sandbox = await openSandbox(this.#places, workspace, floor, context)
    const session = { sandbox, repository, floor, tree: floor, idle: undefined }
    try {
      await bringTo(session, tree, context.signal)
      return session
    } catch (error) {
      await sandbox.destroy()
      throw error
    }
  }

  #keep(key: string, session: Session): void {
    session.idle = setTimeout(() => void this.#discard(key), this.#idleMs)
    session.idle.unref()
    this.#kept.set(key, session)
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= this.#most) break
      void this.#discard(oldest)
    }
  }

  async #discard(key: string): Promise<void> {
    const session = this.#kept.get(key)
    this.#kept.delete(key)
    clearTimeout(session?.idle)
    await session?.sandbox.destroy()
  }
}

function keyOf({ purpose, workspace }: SessionRequest, { tenantId, runId }: ToolContext): string {
  return [tenantId, runId, purpose, workspace.location, workspace.base.tree].join('\n')
}
