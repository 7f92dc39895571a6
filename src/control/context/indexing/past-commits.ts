import { sql } from 'kysely'
import type { Tx } from '../../../store/index.ts'
import type { PastCommit } from '../ports.ts'
import { termSet } from '../words/terms.ts'
import type { Place } from './place.ts'

/** How far back messages and joint changes are looked at. */
export const historyLimit = 2_000
/** A commit that touches more than this says nothing about any one of them. */
const maxPaths = 50
const maxTerms = 200

/** Ids of the repository's commits whose message and paths are stored. */
export async function knownCommits(tx: Tx, { tenantId, repositoryId }: Place): Promise<ReadonlySet<string>> {
  const rows = await tx
    .selectFrom('context_commits')
    .select('commit')
    .where('tenant_id', '=', tenantId)
    .where('repository_id', '=', repositoryId)
    .execute()
  return new Set(rows.map(({ commit }) => commit))
}

/** Stores commits that are new and returns the ids of all, in order. */
export async function storeCommits(
  tx: Tx,
  { tenantId, repositoryId }: Place,
  commits: readonly PastCommit[],
): Promise<readonly number[]> {
  const shas = commits.map(({ commit }) => commit)
  const known = await tx
    .selectFrom('context_commits')
    .select('commit')
    .where('tenant_id', '=', tenantId)
    .where('repository_id', '=', repositoryId)
    .where('commit', '=', sql<string>`any(${shas}::text[])`)
    .execute()
  const stored = new Set(known.map(({ commit }) => commit))
  const rows = commits
    .filter(({ commit }) => !stored.has(commit))
    .map(({ commit, committedAt, message, paths }) => ({
      commit,
      committed_at: committedAt,
      terms: [...termSet(message.slice(0, 4_000))].slice(0, maxTerms),
      paths: paths.length > maxPaths ? [] : paths,
    }))
  await sql`
    insert into context_commits (tenant_id, repository_id, commit, committed_at, terms, paths)
    select ${tenantId}, ${repositoryId}, commit, committed_at,
           array(select jsonb_array_elements_text(terms)), array(select jsonb_array_elements_text(paths))
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
      as new (commit text, committed_at timestamptz, terms jsonb, paths jsonb)
    on conflict do nothing`.execute(tx)
  const { rows: ids } = await sql<{ id: number }>`
    select stored.id from unnest(${shas}::text[]) with ordinality as listed (commit, place)
    join context_commits stored on stored.commit = listed.commit
      and stored.tenant_id = ${tenantId} and stored.repository_id = ${repositoryId}
    order by listed.place`.execute(tx)
  return ids.map(({ id }) => id)
}
