import type { z } from 'zod'
import type { operations } from '../../contracts/api/index.ts'
import type { Caller } from '../../contracts/index.ts'
import type { Tx } from '../../store/index.ts'
import { scopeOf } from './access.ts'
import type { CoreServices } from './studio-services.ts'

export type RunViews = z.output<(typeof operations.getRunViews)['answer'][200]>

/** Views of the list of runs, of each person by themselves, wherever they sign in. */
export class RunViewService {
  readonly #database: CoreServices['database']

  constructor({ database }: Pick<CoreServices, 'database'>) {
    this.#database = database
  }

  get(caller: Caller): Promise<RunViews> {
    return this.#database.transaction(scopeOf(caller), (tx) => viewsOf(tx, caller))
  }

  /** @param assertUnchanged throws when the views are not those that the caller has seen */
  set(caller: Caller, { views }: RunViews, assertUnchanged: (current: RunViews) => void): Promise<RunViews> {
    const { tenantId, id } = caller.principal
    const text = JSON.stringify(views)
    return this.#database.transaction(scopeOf(caller), async (tx) => {
      await tx
        .insertInto('run_views')
        .values({ tenant_id: tenantId, principal_id: id, views: '[]' })
        .onConflict((conflict) => conflict.doNothing())
        .execute()
      assertUnchanged(await viewsOf(tx, caller))
      await tx
        .updateTable('run_views')
        .set({ views: text })
        .where('tenant_id', '=', tenantId)
        .where('principal_id', '=', id)
        .execute()
      return viewsOf(tx, caller)
    })
  }
}

/** Locked where they are about to be replaced, so that of two who replace the same one has to look again. */
async function viewsOf(tx: Tx, { principal: { tenantId, id } }: Caller): Promise<RunViews> {
  const row = await tx
    .selectFrom('run_views')
    .select('views')
    .where('tenant_id', '=', tenantId)
    .where('principal_id', '=', id)
    .forUpdate()
    .executeTakeFirst()
  return { views: [...(row?.views ?? [])] }
}
