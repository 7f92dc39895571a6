import type { Principal } from '../../contracts/index.ts'
import type { Clock, Logger } from '../../kernel/index.ts'
import type { Database, Tx } from '../../store/index.ts'
import type { Administration } from '../door/index.ts'
import type { OwnPolicyText, PolicyEngine } from '../policy/index.ts'
import { ownPolicyErrors } from './errors.ts'
import type { OwnPolicyRow } from './tables.ts'
import { digestOfDraft, digestOfForce, findDraft, lockPolicies, readForce, viewVersion } from './versions.ts'
import type { OwnPolicyVersion } from './versions.ts'

/** A policy as it is being written. */
export interface PolicyDraft extends OwnPolicyText {
  /** Their tests, in YAML like `policies/tests/people.yaml`; may be empty. */
  readonly tests: string
}

export interface PolicyVerdict {
  readonly name: string
  /** Of the draft that was shown. */
  readonly digest: string
  readonly verdict: 'approved' | 'rejected'
  readonly reason: string
}

export interface OwnPolicyOptions {
  readonly database: Database
  readonly clock: Clock
  readonly policy: PolicyEngine
  readonly administration: Pick<Administration, 'authorise' | 'requireReading'>
  readonly logger?: Logger
}

/** Makes a text the draft of its name; whoever wrote at the draft before stays one of its authors. */
export async function writeDraft(
  { administration, clock }: OwnPolicyOptions,
  principal: Principal,
  { name, text, tests }: PolicyDraft,
): Promise<OwnPolicyVersion> {
  const { tenantId } = principal
  const digest = digestOfDraft(name, text, tests)
  const row = await administration.authorise(
    {
      principal,
      tenantId,
      intention: { action: 'draft-policy', resource: { kind: 'studio', tenantId } },
      runId: null,
      detail: { name, digest },
    },
    async (tx, actor) => {
      await lockPolicies(tx, tenantId)
      const now = new Date(clock.now())
      const draft = await findDraft(tx, tenantId, name)
      if (draft !== undefined)
        return update(tx, draft, {
          text,
          tests,
          digest,
          authors: [...new Set([...draft.authors, actor.id])],
          changed_at: now,
          ...(draft.digest === digest ? {} : { rehearsal: null }),
        })
      return tx
        .insertInto('own_policy_versions')
        .values({
          tenant_id: tenantId,
          name,
          version: await nextVersion(tx, tenantId, name),
          state: 'draft',
          text,
          tests,
          digest,
          authors: [actor.id],
          created_at: now,
          changed_at: now,
        })
        .returningAll()
        .executeTakeFirstOrThrow()
    },
  )
  if (row === undefined) throw ownPolicyErrors.UNKNOWN({ detail: name })
  return viewVersion(row)
}

/** Puts a rehearsed draft into force, or rejects it, in the transaction that records the decision. */
export async function decideDraft(
  options: OwnPolicyOptions,
  principal: Principal,
  { name, digest, verdict, reason }: PolicyVerdict,
  inLineage: boolean,
): Promise<OwnPolicyVersion> {
  const { tenantId } = principal
  const row = await options.administration.authorise(
    {
      principal,
      tenantId,
      intention: {
        action: 'decide-policy',
        resource: { kind: 'studio', tenantId },
        context: { decision: verdict, inLineage },
      },
      runId: null,
      detail: { name, digest, verdict, reason },
    },
    async (tx, actor) => {
      await lockPolicies(tx, tenantId)
      const draft = await findDraft(tx, tenantId, name)
      if (draft === undefined) throw ownPolicyErrors.UNKNOWN({ detail: name })
      // Somebody may have written at it since it was shown, and since it was seen who wrote at it.
      if (draft.digest !== digest || draft.authors.includes(actor.id))
        throw ownPolicyErrors.CHANGED({ detail: name })
      const decided = { decided_by: actor.id, reason, decided_at: new Date(options.clock.now()) }
      if (verdict === 'rejected') return update(tx, draft, { ...decided, state: 'rejected' })
      await requireRehearsal(options, tx, draft)
      await tx
        .updateTable('own_policy_versions')
        .set({ state: 'superseded' })
        .where('tenant_id', '=', tenantId)
        .where('name', '=', name)
        .where('state', '=', 'in-force')
        .execute()
      // A version without text only takes the one before back.
      return update(tx, draft, { ...decided, state: draft.text.trim() === '' ? 'superseded' : 'in-force' })
    },
  )
  if (row === undefined) throw ownPolicyErrors.UNKNOWN({ detail: name })
  return viewVersion(row)
}

async function requireRehearsal({ policy }: OwnPolicyOptions, tx: Tx, draft: OwnPolicyRow): Promise<void> {
  const { rehearsal, digest, name } = viewVersion(draft)
  const own = await readForce(tx, draft.tenant_id as Principal['tenantId'])
  const fits = rehearsal?.draft === digest && rehearsal.against === digestOfForce(policy.shipped.digest, own)
  if (!fits) throw ownPolicyErrors.NOT_REHEARSED({ detail: name })
  if (rehearsal.ok) return
  const failed = rehearsal.tests.filter(({ passed }) => !passed)
  throw ownPolicyErrors.INVALID({
    detail: name,
    details: { problems: rehearsal.problems, tests: failed, testsProblem: rehearsal.testsProblem },
  })
}

async function nextVersion(tx: Tx, tenantId: string, name: string): Promise<number> {
  const { last } = await tx
    .selectFrom('own_policy_versions')
    .select(({ fn }) => fn.max('version').as('last'))
    .where('tenant_id', '=', tenantId)
    .where('name', '=', name)
    .executeTakeFirstOrThrow()
  return ((last as number | null) ?? 0) + 1
}

type Changes = Partial<Omit<OwnPolicyRow, 'rehearsal'>> & { readonly rehearsal?: null }

function update(tx: Tx, { tenant_id, name, version }: OwnPolicyRow, changes: Changes) {
  return tx
    .updateTable('own_policy_versions')
    .set(changes)
    .where('tenant_id', '=', tenant_id)
    .where('name', '=', name)
    .where('version', '=', version)
    .returningAll()
    .executeTakeFirstOrThrow()
}
