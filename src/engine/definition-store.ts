import type { PoolClient } from 'pg'
import type { Digest, TenantId } from '../kernel/index.ts'
import { canonicalJson, digestOf } from '../kernel/index.ts'
import { engineErrors } from './errors.ts'
import type { Plan } from './plan.ts'
import type { PlanCache } from './plan-cache.ts'
import type { DefinitionState, SavedDefinition, TenantScope } from './ports.ts'
import { loadPlan } from './run-store.ts'

interface VersionRow {
  readonly digest: Digest
  readonly name: string
  readonly version: number
  readonly state: DefinitionState
}

const columns = 'digest, name, version, state'

/** Stores a checked definition under its digest. One that is there already keeps its state. */
export async function saveDefinition(
  client: PoolClient,
  { tenantId, principalId }: TenantScope,
  plan: Plan,
  state: DefinitionState,
  now: number,
): Promise<SavedDefinition> {
  const { name, version } = plan.definition
  const content = canonicalJson(plan.definition)
  await client.query(
    `insert into blobs (tenant_id, digest, media_type, content)
     values ($1, $2, 'application/json', convert_to($3, 'UTF8')) on conflict (tenant_id, digest) do nothing`,
    [tenantId, digestOf(content), content],
  )
  const { rows } = await client.query<VersionRow>(
    `insert into workflow_versions (tenant_id, digest, name, version, state, principal_id, created_at)
     values ($1, $2, $3, $4, $5, $6, $7)
     on conflict (tenant_id, digest) do update set name = excluded.name returning ${columns}`,
    [tenantId, plan.digest, name, version, state, principalId, new Date(now)],
  )
  return rows[0] ?? { digest: plan.digest, name, version, state }
}

/** @throws ATL_ENGINE_UNKNOWN_DEFINITION */
export async function setDefinitionState(
  client: PoolClient,
  tenantId: TenantId,
  digest: Digest,
  state: DefinitionState,
): Promise<void> {
  const { rowCount } = await client.query(
    'update workflow_versions set state = $3 where tenant_id = $1 and digest = $2',
    [tenantId, digest, state],
  )
  if (rowCount !== 1) throw engineErrors.UNKNOWN_DEFINITION({ detail: digest })
}

/**
 * The plan of an approved definition, by its digest, or the one approved last under a name.
 * @throws ATL_ENGINE_UNKNOWN_DEFINITION, ATL_ENGINE_NOT_APPROVED
 */
export async function approvedPlan(
  client: PoolClient,
  tenantId: TenantId,
  digestOrName: string,
  plans: PlanCache,
): Promise<Plan> {
  const { rows } = await client.query<VersionRow>(
    `select ${columns} from workflow_versions
     where tenant_id = $1 and (digest = $2 or name = $2)
     order by state = 'approved' desc, created_at desc, digest limit 1`,
    [tenantId, digestOrName],
  )
  const [found] = rows
  if (found === undefined) throw engineErrors.UNKNOWN_DEFINITION({ detail: digestOrName })
  if (found.state !== 'approved')
    throw engineErrors.NOT_APPROVED({ detail: `${digestOrName} is ${found.state}` })
  return loadPlan(client, tenantId, found.digest, plans)
}
