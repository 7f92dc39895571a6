import type { Selectable } from 'kysely'
import type { Caller } from '../../contracts/index.ts'
import { createId } from '../../kernel/index.ts'
import type { Tables, Tx } from '../../store/index.ts'
import { apiErrors } from '../errors.ts'
import { type Access, runResource, scopeOf } from './access.ts'
import type { ChangeService } from './changes.ts'
import { pageOfRows, readCursor } from './cursor.ts'
import type { RunService } from './runs.ts'
import type { CoreServices } from './studio-services.ts'

export interface CommentPlace {
  readonly path: string
  /** 1-based. */
  readonly line: number
  readonly side: 'old' | 'new'
}

type CommentRow = Selectable<Tables['change_comments']>

/** What people say about changes. */
export class CommentService {
  readonly #services: CoreServices
  readonly #access: Access
  readonly #runs: RunService
  readonly #changes: ChangeService

  constructor(services: CoreServices, access: Access, runs: RunService, changes: ChangeService) {
    this.#services = services
    this.#access = access
    this.#runs = runs
    this.#changes = changes
  }

  /** Oldest first. */
  async list(
    caller: Caller,
    runId: string,
    { limit, after }: { readonly limit: number; readonly after?: string | undefined },
  ) {
    const run = await this.#runs.read(caller, runId)
    const position = readCursor(after)
    const rows = await this.#services.database.transaction(scopeOf(caller), (tx) =>
      ofRun(tx, run)
        .$if(position !== undefined, (query) =>
          query.where((where) =>
            where.eb(
              where.refTuple('created_at', 'id'),
              '>',
              where.tuple(new Date(position?.time ?? 0), position?.id ?? ''),
            ),
          ),
        )
        .limit(limit + 1)
        .execute(),
    )
    return pageOfRows(
      rows,
      limit,
      (row) => ({ time: row.created_at.toISOString(), id: row.id }),
      rows.slice(0, limit).map(view),
    )
  }

  /** @throws ATL_DOOR_DENIED, ATL_STUDIO_CHANGE_NOT_FOUND, ATL_STUDIO_NO_SUCH_LINE */
  async add(
    caller: Caller,
    runId: string,
    said: { readonly body: string; readonly place?: CommentPlace | undefined },
  ) {
    const run = await this.#runs.read(caller, runId)
    const change = await this.#changes.get(caller, runId)
    const { place, body } = said
    if (
      place !== undefined &&
      !change.files.some(({ path, oldPath }) => place.path === path || place.path === oldPath)
    )
      throw apiErrors.NO_SUCH_LINE({ detail: place.path })
    const id = createId('com')
    const detail = { comment: id, ...place }
    const intention = { action: 'comment-on-run', resource: runResource(run) } as const
    const row = await this.#access.change(caller, intention, { runId: run.runId, detail }, (tx) =>
      tx
        .insertInto('change_comments')
        .values({
          tenant_id: run.tenantId,
          id,
          run_id: run.runId,
          tree: change.tree,
          path: place?.path ?? null,
          line: place?.line ?? null,
          side: place?.side ?? null,
          body,
          principal_id: caller.principal.id,
          created_at: new Date(this.#services.clock.now()),
          resolved_by: null,
          resolved_at: null,
        })
        .returningAll()
        .executeTakeFirstOrThrow(),
    )
    return view(row)
  }

  /** Resolving twice is fine. @throws ATL_DOOR_DENIED, ATL_STUDIO_COMMENT_NOT_FOUND */
  async resolve(caller: Caller, runId: string, commentId: string) {
    const run = await this.#runs.read(caller, runId)
    const intention = { action: 'comment-on-run', resource: runResource(run) } as const
    const detail = { resolved: commentId }
    return this.#access.change(caller, intention, { runId: run.runId, detail }, async (tx) => {
      await tx
        .updateTable('change_comments')
        .set({ resolved_by: caller.principal.id, resolved_at: new Date(this.#services.clock.now()) })
        .where('tenant_id', '=', run.tenantId)
        .where('run_id', '=', run.runId)
        .where('id', '=', commentId)
        .where('resolved_at', 'is', null)
        .execute()
      const row = await ofRun(tx, run).where('id', '=', commentId).executeTakeFirst()
      if (row === undefined) throw apiErrors.COMMENT_NOT_FOUND({ detail: commentId })
      return view(row)
    })
  }
}

/** What nobody has dealt with yet, for whoever takes the work up again; a line each. */
export async function openComments(
  tx: Tx,
  run: { readonly tenantId: string; readonly runId: string },
): Promise<readonly string[]> {
  const rows = await ofRun(tx, run).where('resolved_at', 'is', null).limit(100).execute()
  return rows.map(({ path, line, body }) => (path === null ? body : `${path}:${line ?? 0}: ${body}`))
}

function ofRun(tx: Tx, { tenantId, runId }: { readonly tenantId: string; readonly runId: string }) {
  return tx
    .selectFrom('change_comments')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('run_id', '=', runId)
    .orderBy('created_at')
    .orderBy('id')
}

function view(row: CommentRow) {
  const { path, line, side, resolved_by: resolvedBy, resolved_at: resolvedAt } = row
  return {
    id: row.id,
    tree: row.tree,
    place: path === null || line === null || side === null ? null : { path, line, side },
    body: row.body,
    by: row.principal_id,
    createdAt: row.created_at.toISOString(),
    resolved:
      resolvedBy === null || resolvedAt === null ? null : { by: resolvedBy, at: resolvedAt.toISOString() },
  }
}
