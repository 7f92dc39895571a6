import type { ClientBase } from 'pg'

/**
 * Has the stream of events go on at another server where it stands on the one that the database comes from. Servers
 * number their transactions each for itself, and positions of the stream are such numbers: if those of the target are
 * behind, it counts on from the source's. So what was told is not told again, and what comes is not held back.
 *
 * To be called in a transaction of each: one that sees all events of the source, and one that writes the target.
 */
export async function continueEventOrder(source: ClientBase, target: ClientBase): Promise<void> {
  const reached = await position(source, 'event_position(pg_snapshot_xmax(pg_current_snapshot()))')
  const begun = await position(target, 'pg_current_xact_id()')
  const ahead = reached > begun ? reached - begun : 0n
  await target.query(
    `create or replace function event_position(transaction xid8) returns xid8 language sql immutable
     as $$ select (transaction::text::bigint + ${ahead})::text::xid8 $$`,
  )
}

async function position(client: ClientBase, expression: string): Promise<bigint> {
  const { rows } = await client.query<{ position: string }>(`select ${expression}::text as position`)
  return BigInt(rows[0]?.position ?? 0)
}
