import { sql } from 'kysely'
import type { Selectable } from 'kysely'
import type { Principal } from '../../contracts/index.ts'
import type { Clock, Digest, TenantId } from '../../kernel/index.ts'
import { digestOfValue } from '../../kernel/index.ts'
import type { Database, Tables, Tx } from '../../store/index.ts'
import { tenantScope } from '../audit/index.ts'
import type { Administration } from '../door/index.ts'
import { lineageOf } from '../identity/index.ts'
import { ownTextErrors } from './errors.ts'
import type { OwnTextKind, OwnTextState } from './tables.ts'

/** One version of something that people of a tenant wrote. */
export interface OwnText<R = unknown> {
  readonly name: string
  readonly version: number
  readonly state: OwnTextState
  readonly text: string
  readonly tests: string
  readonly digest: Digest
  readonly authors: readonly string[]
  /** What was found out about it for whoever decides; null until somebody has it rehearsed. */
  readonly rehearsal: R | null
  readonly decidedBy: string | null
  readonly reason: string | null
  /** ISO 8601, as the others. */
  readonly createdAt: string
  readonly changedAt: string
  readonly decidedAt: string | null
}

export interface OwnTextDraft {
  readonly name: string
  /** Without any, the draft takes back what is in force. */
  readonly text: string
  readonly tests: string
}

export interface OwnTextVerdict {
  readonly name: string
  /** Of the draft that was shown. */
  readonly digest: string
  readonly verdict: 'approved' | 'rejected'
  readonly reason: string
}

/**
 * Texts of one kind that people of a tenant write: a draft, which another person approves, is in force from then on
 * until another version is. Drafting and deciding are authorised, recorded and audited.
 */
export interface OwnTexts<R> {
  /** What is in force, by name. */
  inForce(tx: Tx, tenantId: TenantId): Promise<readonly OwnText<R>[]>
  /** What is in force, and drafts. */
  current(tx: Tx, tenantId: TenantId): Promise<readonly OwnText<R>[]>
  /** Newest first, at most two hundred. */
  versions(tx: Tx, tenantId: TenantId, name: string): Promise<readonly OwnText<R>[]>
  /** @throws ATL_OWN_TEXT_UNKNOWN */
  draft(tx: Tx, tenantId: TenantId, name: string): Promise<OwnText<R>>
  /** Makes a text the draft of its name; whoever wrote at the draft before stays one of its authors. */
  save(principal: Principal, draft: OwnTextDraft): Promise<OwnText<R>>
  /** Keeps what was found out about a draft. @throws ATL_OWN_TEXT_CHANGED when it is another one by now. */
  note(tx: Tx, tenantId: TenantId, draft: OwnText<R>, rehearsal: R): Promise<OwnText<R>>
  /**
   * Puts a draft into force or rejects it, in the transaction that records the decision; `ready` throws what speaks
   * against putting it into force.
   * @throws ATL_OWN_TEXT_UNKNOWN, ATL_OWN_TEXT_CHANGED, and ATL_DOOR_DENIED for those who wrote at it
   */
  decide(
    principal: Principal,
    verdict: OwnTextVerdict,
    ready: (tx: Tx, draft: OwnText<R>) => Promise<void>,
  ): Promise<OwnText<R>>
}

export interface OwnTextServices {
  readonly database: Database
  readonly clock: Clock
  readonly administration: Pick<Administration, 'authorise'>
}

type Row = Selectable<Tables['own_texts']>

export function createOwnTexts<R>(
  { database, clock, administration }: OwnTextServices,
  kind: OwnTextKind,
): OwnTexts<R> {
  const rows = (tx: Tx, tenantId: TenantId) =>
    tx.selectFrom('own_texts').selectAll().where('tenant_id', '=', tenantId).where('kind', '=', kind)
  const findDraft = async (tx: Tx, tenantId: TenantId, name: string): Promise<OwnText<R> | undefined> => {
    const row = await rows(tx, tenantId)
      .where('name', '=', name)
      .where('state', '=', 'draft')
      .executeTakeFirst()
    return row && viewOf<R>(row)
  }
  const requireDraft = async (tx: Tx, tenantId: TenantId, name: string): Promise<OwnText<R>> => {
    const draft = await findDraft(tx, tenantId, name)
    if (draft === undefined) throw ownTextErrors.UNKNOWN({ detail: `no draft of ${kind} ${name}` })
    return draft
  }
  const change = async (
    tx: Tx,
    tenantId: TenantId,
    { name, version }: OwnText<R>,
    changes: Partial<Omit<Row, 'rehearsal'>> & { readonly rehearsal?: string | null },
  ): Promise<OwnText<R>> => {
    const row = await tx
      .updateTable('own_texts')
      .set(changes)
      .where('tenant_id', '=', tenantId)
      .where('kind', '=', kind)
      .where('name', '=', name)
      .where('version', '=', version)
      .returningAll()
      .executeTakeFirstOrThrow()
    return viewOf<R>(row)
  }
  const add = async (
    tx: Tx,
    tenantId: TenantId,
    { name, text, tests }: OwnTextDraft,
    author: string,
  ): Promise<OwnText<R>> => {
    const last = await rows(tx, tenantId)
      .where('name', '=', name)
      .orderBy('version', 'desc')
      .executeTakeFirst()
    const now = new Date(clock.now())
    const row = await tx
      .insertInto('own_texts')
      .values({
        tenant_id: tenantId,
        kind,
        name,
        version: (last?.version ?? 0) + 1,
        state: 'draft',
        text,
        tests,
        digest: digestOfDraft(kind, { name, text, tests }),
        authors: [author],
        created_at: now,
        changed_at: now,
      })
      .returningAll()
      .executeTakeFirstOrThrow()
    return viewOf<R>(row)
  }

  return {
    inForce: async (tx, tenantId) =>
      (await rows(tx, tenantId).where('state', '=', 'in-force').orderBy('name').execute()).map(viewOf<R>),
    current: async (tx, tenantId) =>
      (
        await rows(tx, tenantId)
          .where('state', 'in', ['draft', 'in-force'])
          .orderBy('name')
          .orderBy('version')
          .execute()
      ).map(viewOf<R>),
    versions: async (tx, tenantId, name) =>
      (await rows(tx, tenantId).where('name', '=', name).orderBy('version', 'desc').limit(200).execute()).map(
        viewOf<R>,
      ),
    draft: requireDraft,
    save: async (principal, draft) => {
      const { tenantId } = principal
      const { name, text, tests } = draft
      const digest = digestOfDraft(kind, draft)
      const saved = await administration.authorise(
        {
          principal,
          tenantId,
          intention: { action: `draft-${kind}`, resource: { kind: 'studio', tenantId } },
          runId: null,
          detail: { name, digest },
        },
        async (tx, actor) => {
          await lockTexts(tx, kind, tenantId)
          const earlier = await findDraft(tx, tenantId, name)
          if (earlier === undefined) return add(tx, tenantId, draft, actor.id)
          return change(tx, tenantId, earlier, {
            text,
            tests,
            digest,
            authors: [...new Set([...earlier.authors, actor.id])],
            changed_at: new Date(clock.now()),
            ...(earlier.digest === digest ? {} : { rehearsal: null }),
          })
        },
      )
      return present(saved, name)
    },
    note: async (tx, tenantId, { name, digest }, rehearsal) => {
      await lockTexts(tx, kind, tenantId)
      const draft = await findDraft(tx, tenantId, name)
      if (draft?.digest !== digest) throw ownTextErrors.CHANGED({ detail: name })
      return change(tx, tenantId, draft, { rehearsal: JSON.stringify(rehearsal) })
    },
    decide: async (principal, { name, digest, verdict, reason }, ready) => {
      const { tenantId, id, onBehalfOf } = principal
      const inLineage = await database.transaction(tenantScope(tenantId, id), async (tx) => {
        const authors = await lineageOf(tx, tenantId, (await requireDraft(tx, tenantId, name)).authors)
        return authors.has(id) || (onBehalfOf !== undefined && authors.has(onBehalfOf))
      })
      const decided = await administration.authorise(
        {
          principal,
          tenantId,
          intention: {
            action: `decide-${kind}`,
            resource: { kind: 'studio', tenantId },
            context: { decision: verdict, inLineage },
          },
          runId: null,
          detail: { name, digest, verdict, reason },
        },
        async (tx, actor) => {
          await lockTexts(tx, kind, tenantId)
          const draft = await requireDraft(tx, tenantId, name)
          // Somebody may have written at it since it was shown, and since it was seen who wrote at it.
          if (draft.digest !== digest || draft.authors.includes(actor.id))
            throw ownTextErrors.CHANGED({ detail: name })
          const decision = { decided_by: actor.id, reason, decided_at: new Date(clock.now()) }
          if (verdict === 'rejected') return change(tx, tenantId, draft, { ...decision, state: 'rejected' })
          await ready(tx, draft)
          const before = (
            await rows(tx, tenantId).where('name', '=', name).where('state', '=', 'in-force').execute()
          ).map(viewOf<R>)
          for (const one of before) await change(tx, tenantId, one, { state: 'superseded' })
          // A version without text only takes the one before back.
          return change(tx, tenantId, draft, {
            ...decision,
            state: draft.text.trim() === '' ? 'superseded' : 'in-force',
          })
        },
      )
      return present(decided, name)
    },
  }
}

function present<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw ownTextErrors.UNKNOWN({ detail: name })
  return value
}

function viewOf<R>(row: Row): OwnText<R> {
  const { name, version, state, text, tests, authors, reason } = row
  return {
    name,
    version,
    state,
    text,
    tests,
    digest: row.digest as Digest,
    authors,
    rehearsal: row.rehearsal as R | null,
    decidedBy: row.decided_by,
    reason,
    createdAt: row.created_at.toISOString(),
    changedAt: row.changed_at.toISOString(),
    decidedAt: row.decided_at?.toISOString() ?? null,
  }
}

function digestOfDraft(kind: OwnTextKind, { name, text, tests }: OwnTextDraft): Digest {
  return digestOfValue({ kind, name, text, tests })
}

/** Writers of one tenant's texts of a kind take turns from here to the end of the transaction. */
async function lockTexts(tx: Tx, kind: OwnTextKind, tenantId: TenantId): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`own ${kind} ${tenantId}`}, 0))`.execute(tx)
}
