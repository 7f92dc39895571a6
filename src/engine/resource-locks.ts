import type { PoolClient } from 'pg'
import type { TenantId } from '../kernel/index.ts'
import type { LiveRun, RunChanges } from './live-run.ts'
import { time } from './run-rows.ts'

/**
 * Locks that steps of any run of a tenant ask for by name: one holder, the others in the order in which they asked. The
 * lock belongs to the step, not to a process, so it survives a crash with the step and is released when that ends.
 */

export interface LockGrant {
  readonly runId: string
  readonly stepId: string
  readonly itemIndex: number
  readonly principalId: string
  readonly attempt: number
}

interface Batch {
  readonly requests: {
    readonly lock_key: string
    readonly run_id: string
    readonly step_id: string
    readonly item_index: number
    readonly principal_id: string
    readonly attempt: number
    readonly requested_at: string
  }[]
  readonly releases: { readonly run_id: string; readonly step_id: string; readonly item_index: number }[]
  readonly keys: Set<string>
}

/** What the changes of some runs ask of the locks; undefined when nothing, which is the usual case. */
export function lockBatch(changed: Iterable<readonly [LiveRun, RunChanges]>): Batch | undefined {
  const batch: Batch = { requests: [], releases: [], keys: new Set() }
  for (const [run, changes] of changed) {
    const { runId, principalId } = run.header
    for (const id of changes.lockRequests) {
      const node = run.find(id)
      // It may have been cancelled in the same breath.
      if (node === undefined || node.lockKey === null) continue
      batch.keys.add(node.lockKey)
      batch.requests.push({
        lock_key: node.lockKey,
        run_id: runId,
        step_id: node.stepId,
        item_index: node.itemIndex,
        principal_id: principalId,
        attempt: node.attempt,
        requested_at: time(run.now),
      })
    }
    for (const { node, lockKey } of changes.lockReleases) {
      batch.keys.add(lockKey)
      batch.releases.push({ run_id: runId, step_id: node.stepId, item_index: node.itemIndex })
    }
  }
  return batch.keys.size === 0 ? undefined : batch
}

/** Carries out releases and requests and answers who holds a lock now that did not before. */
export async function exchangeLocks(
  client: PoolClient,
  tenantId: TenantId,
  { requests, releases, keys }: Batch,
): Promise<readonly LockGrant[]> {
  const names = [...keys].sort()
  // One at a time per lock, in an order that all processes keep to; without it two could both find the lock free.
  await client.query(
    `select pg_advisory_xact_lock(hashtextextended($1 || ' ' || name, 0)) from unnest($2::text[]) as name`,
    [tenantId, names],
  )
  if (releases.length > 0)
    await client.query(
      `delete from resource_locks using jsonb_to_recordset($2::jsonb) as row (run_id text, step_id text, item_index int)
       where tenant_id = $1 and resource_locks.run_id = row.run_id and resource_locks.step_id = row.step_id
         and resource_locks.item_index = row.item_index`,
      [tenantId, JSON.stringify(releases)],
    )
  if (requests.length > 0)
    await client.query(
      `insert into resource_locks
         (tenant_id, lock_key, run_id, step_id, item_index, held, principal_id, attempt, requested_at)
       select $1, lock_key, run_id, step_id, item_index, false, principal_id, attempt, requested_at
       from jsonb_to_recordset($2::jsonb) as row (lock_key text, run_id text, step_id text, item_index int,
         principal_id text, attempt int, requested_at timestamptz)`,
      [tenantId, JSON.stringify(requests)],
    )
  const { rows } = await client.query<LockGrant>(
    `update resource_locks set held = true
     where tenant_id = $1 and position in (
       select min(position) from resource_locks
       where tenant_id = $1 and lock_key = any($2) group by lock_key having not bool_or(held))
     returning run_id as "runId", step_id as "stepId", item_index as "itemIndex", principal_id as "principalId", attempt`,
    [tenantId, names],
  )
  return rows
}
