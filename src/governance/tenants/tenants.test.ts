import { createHash, generateKeyPairSync } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Caller, Principal } from '../../contracts/index.ts'
import { engineMigrations } from '../../engine/index.ts'
import type { PrincipalId, ProjectId, RunId, TenantId } from '../../kernel/index.ts'
import { silentLogger, systemClock } from '../../kernel/index.ts'
import { putBlob } from '../../store/index.ts'
import { createGovernedStudio } from '../../testing/index.ts'
import type { GovernedStudio } from '../../testing/index.ts'
import { openSigningKey } from '../audit/index.ts'
import { createAuthenticator, issueApiToken, useSignInLink } from '../credentials/index.ts'
import { findPrincipal, seededIdentities, seedIdentities } from '../identity/index.ts'
import { createProofFile, createTenants, verifyDeletionProof } from './index.ts'
import type { Tenants } from './index.ts'

let studio: GovernedStudio
let tenants: Tenants
let operator: Caller
let directory: string
const removed: string[] = []
const owner = seededIdentities.owner

beforeAll(async () => {
  studio = await createGovernedStudio({ migrations: engineMigrations })
  directory = await mkdtemp(join(tmpdir(), 'atelier-tenants-'))
  await seedIdentities(studio.database)
  tenants = createTenants({
    database: studio.database,
    clock: systemClock,
    administration: studio.governance.administration,
    key: await openSigningKey(join(directory, 'keys')),
    folders: [{ name: 'repositories', remove: (id) => Promise.resolve(void removed.push(id)) }],
    prepare: () => Promise.resolve(),
    keepProof: createProofFile(join(directory, 'deletions.jsonl')),
  })
  operator = await callerOf(seededIdentities.tenant)
})
afterAll(async () => {
  await studio[Symbol.asyncDispose]()
  await rm(directory, { recursive: true })
})

async function callerOf(tenantId: TenantId, name = owner): Promise<Caller> {
  const principal = await studio.database.transaction({ kind: 'tenant', tenantId, principalId: name }, (tx) =>
    findPrincipal(tx, tenantId, name),
  )
  return { principal: principal!, via: 'local', credentialId: null, scopes: 'all' }
}

let made = 0
async function create(quotas = {}): Promise<{ id: TenantId; code: string }> {
  const { tenant, code } = await tenants.create(operator, { id: `acme-${(made += 1)}`, name: 'Acme', quotas })
  return { id: tenant.id, code }
}

const openRun = (tenantId: TenantId, principal: Principal, run: string) =>
  studio.governance.administration.openRun({
    tenantId,
    projectId: 'default' as ProjectId,
    runId: run as RunId,
    requester: principal,
    repository: '/srv/marker-repository',
  })

/** Leaves traces of a tenant in as many tables as there are ways to. */
async function use(tenantId: TenantId, marker: string): Promise<void> {
  const { principal } = await callerOf(tenantId)
  const scope = { kind: 'tenant', tenantId, principalId: owner } as const
  await openRun(tenantId, principal, `run-${marker}`)
  await studio.governance.administration.trustRepository(principal, `/srv/${marker}`, marker)
  await studio.governance.audit.checkpoint(scope)
  await studio.database.transaction(scope, async (tx) => {
    await putBlob(tx, scope.tenantId, Buffer.from(marker), 'text/plain')
    await issueApiToken(tx, {
      tenantId,
      principalId: owner,
      name: marker,
      scopes: [],
      lifetimeMs: 60_000,
      createdBy: owner,
    })
  })
}

/** All rows of all tables in which the text occurs, as the owner of the database sees them without row-level security. */
async function occurrences(text: string): Promise<string[]> {
  const { pool } = studio.database.owner
  const { rows: tables } = await pool.query<{ name: string }>(
    `select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'`,
  )
  const found: string[] = []
  for (const { name } of tables) {
    await pool.query(`alter table "${name}" no force row level security`)
    const { rowCount } = await pool.query(`select from "${name}" row where strpos(row::text, $1) > 0`, [text])
    await pool.query(`alter table "${name}" force row level security`)
    if (rowCount) found.push(name)
  }
  return found
}

describe('a tenant', () => {
  it('begins with an owner, who signs in by a link and is somebody there alone', async () => {
    const { id, code } = await create()
    const { secret } = await useSignInLink(studio.database, code, 'x', () => Promise.resolve())
    const authenticator = createAuthenticator({
      database: studio.database,
      address: { url: 'http://127.0.0.1' },
      logger: silentLogger,
    })
    const caller = await authenticator.authenticate({ cookie: `atelier=${secret}` })
    expect(caller?.principal).toMatchObject({ tenantId: id, id: owner, roles: ['approver', 'owner'] })
    for (const attempt of [
      () => tenants.list(caller!, { limit: 10 }),
      () => tenants.create(caller!, { id: 'mine', name: 'Mine' }),
      () => tenants.delete(caller!, id),
      () => tenants.export(caller!, seededIdentities.tenant, () => Promise.resolve()),
    ])
      await expect(attempt()).rejects.toMatchObject({ code: 'ATL_DOOR_DENIED' })
  })

  it('is made once, under a sensible id', async () => {
    const { id } = await create()
    await expect(tenants.create(operator, { id, name: 'Again' })).rejects.toMatchObject({
      code: 'ATL_TENANT_EXISTS',
    })
    for (const wrong of ['', 'A', 'a', '../x', 'x y', 'x/y', `a${'b'.repeat(63)}`, '1a'])
      await expect(tenants.create(operator, { id: wrong, name: 'X' })).rejects.toMatchObject({
        code: 'ATL_TENANT_ID_INVALID',
      })
    await expect(tenants.get(operator, 'nowhere' as TenantId)).rejects.toMatchObject({
      code: 'ATL_TENANT_UNKNOWN',
    })
    const { items } = await tenants.list(operator, { limit: 200 })
    expect(items.map((tenant) => tenant.id)).toContain(id)
  })

  it('does nothing while it is suspended', async () => {
    const { id } = await create()
    const { principal } = await callerOf(id)
    await tenants.change(operator, id, { state: 'suspended' })
    await expect(openRun(id, principal, 'run-late')).rejects.toMatchObject({ code: 'ATL_TENANT_SUSPENDED' })
    await tenants.change(operator, id, { state: 'active' })
    await openRun(id, principal, 'run-late')
    await expect(
      tenants.change(operator, seededIdentities.tenant, { state: 'suspended' }),
    ).rejects.toMatchObject({ code: 'ATL_TENANT_PROTECTED' })
  })

  it('keeps to its quotas under any concurrency', async () => {
    const { id } = await create({ runs: 3 })
    const { principal } = await callerOf(id)
    const outcomes = await Promise.allSettled(
      Array.from({ length: 8 }, (_, index) => openRun(id, principal, `run-${index}`)),
    )
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(3)
    for (const outcome of outcomes)
      if (outcome.status === 'rejected')
        expect(outcome.reason).toMatchObject({ code: 'ATL_TENANT_QUOTA_EXCEEDED' })
    // A run that has its place is not counted again.
    const index = outcomes.findIndex(({ status }) => status === 'fulfilled')
    await openRun(id, principal, `run-${index}`)
    await tenants.change(operator, id, { quotas: { storageBytes: 10 } })
    await openRun(id, principal, 'run-more')
    await use(id, 'marker-of-more-than-ten-bytes')
    await expect(openRun(id, principal, 'run-full')).rejects.toMatchObject({
      code: 'ATL_TENANT_QUOTA_EXCEEDED',
      details: { quota: 'storageBytes' },
    })
    expect((await tenants.get(operator, id)).usage).toMatchObject({ runs: 5, people: 1 })
  })
})

describe('an export', () => {
  it('has everything of the tenant, nothing of others, no secrets, and an end', async () => {
    const [mine, theirs] = [await create(), await create()]
    await use(mine.id, 'marker-mine')
    await use(theirs.id, 'marker-theirs')
    const lines: string[] = []
    await tenants.export(operator, mine.id, (line) => Promise.resolve(void lines.push(line)))
    const last = JSON.parse(lines.pop()!) as { counts: Record<string, number>; sha256: string }
    const digest = createHash('sha256')
      .update(lines.map((line) => `${line}\n`).join(''))
      .digest('hex')
    expect(last.sha256).toBe(digest)
    expect(lines.length).toBe(1 + Object.values(last.counts).reduce((sum, count) => sum + count, 0))
    expect(last.counts).toMatchObject({ tenants: 1, mandates: 1, blobs: 1, api_tokens: 1 })
    expect(last.counts['audit_log']).toBeGreaterThan(1)
    const text = lines.join('\n')
    expect(text).toContain('marker-mine')
    expect(text).not.toContain('marker-theirs')
    expect(text).not.toContain(theirs.id)
    const token = lines
      .map((line) => JSON.parse(line) as { table?: string; row: object })
      .find(({ table }) => table === 'api_tokens')
    expect(token?.row).not.toHaveProperty('hash')
  })
})

describe('deletion', () => {
  it('leaves no row of the tenant anywhere, and a signed proof', async () => {
    const [mine, theirs] = [await create(), await create()]
    await use(mine.id, 'marker-gone')
    await use(theirs.id, 'marker-stays')
    expect((await occurrences(mine.id)).length).toBeGreaterThan(8)
    await expect(tenants.delete(operator, mine.id)).rejects.toMatchObject({
      code: 'ATL_TENANT_NOT_SUSPENDED',
    })
    await tenants.change(operator, mine.id, { state: 'suspended' })
    const proof = await tenants.delete(operator, mine.id)
    // What remains is what the installation did about it, in its own log.
    const rest = await occurrences(mine.id)
    expect(rest.filter((table) => !['audit_log', 'decisions'].includes(table))).toEqual([])
    expect(await occurrences('marker-gone')).toEqual([])
    expect(await occurrences('marker-stays')).toContain('trusted_repositories')
    expect(removed).toContain(mine.id)

    expect(proof.rows).toMatchObject({ tenants: 1, trusted_repositories: 1, blobs: 1 })
    expect(proof.auditHead?.seq).toBeGreaterThan(1)
    expect(verifyDeletionProof(proof, [proof.publicKey])).toBe(true)
    expect(verifyDeletionProof({ ...proof, rows: {} }, [proof.publicKey])).toBe(false)
    const stranger = generateKeyPairSync('ed25519')
      .publicKey.export({ type: 'spki', format: 'pem' })
      .toString()
    expect(verifyDeletionProof(proof, [stranger])).toBe(false)
    const kept = await readFile(join(directory, 'deletions.jsonl'), 'utf8')
    expect(JSON.parse(kept.trim().split('\n').at(-1)!)).toEqual(proof)

    await expect(tenants.delete(operator, mine.id)).rejects.toMatchObject({ code: 'ATL_TENANT_UNKNOWN' })
    const scope = { kind: 'tenant', tenantId: theirs.id, principalId: owner } as const
    expect((await studio.governance.audit.verify(scope)).ok).toBe(true)
    // The id can be used again, and begins with nothing.
    await tenants.create(operator, { id: mine.id, name: 'Again' })
    expect((await tenants.get(operator, mine.id)).usage).toEqual({ runs: 0, storageBytes: 0, people: 1 })
  })

  it('spares the installation itself', async () => {
    await expect(tenants.delete(operator, seededIdentities.tenant)).rejects.toMatchObject({
      code: 'ATL_TENANT_PROTECTED',
    })
  })

  it('is the only way to remove what is append-only, and not one of the application', async () => {
    const { id } = await create()
    await use(id, 'marker-kept')
    const scope = { kind: 'tenant', tenantId: id, principalId: owner as PrincipalId } as const
    for (const table of ['audit_log', 'decisions', 'ledger_entries'])
      await expect(
        studio.database.transaction(scope, async (_tx, client) => {
          await client.query(`select set_config('atelier.deleting_tenant', $1, true)`, [id])
          await client.query(`delete from ${table}`)
        }),
      ).rejects.toMatchObject({ code: 'ATL_STORE_FORBIDDEN' })
    await expect(studio.database.owner.pool.query('delete from audit_log')).rejects.toThrow('never changed')
  })
})
