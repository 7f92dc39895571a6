import fc from 'fast-check'
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RunId } from '../../kernel/index.ts'
import { systemClock } from '../../kernel/index.ts'
import { createTestDatabase } from '../../testing/index.ts'
import type { TenantScope, TestDatabase } from '../../testing/index.ts'
import {
  auditMigrations,
  createAuditLog,
  createCheckpointFile,
  openSigningKey,
  trustedKeys,
  verifyAuditExport,
} from './index.ts'
import type { AuditEntry, AuditLog } from './index.ts'

let test: TestDatabase
let folder: string
let audit: AuditLog

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'atelier-audit-'))
  test = await createTestDatabase({ migrations: auditMigrations })
  audit = createAuditLog({
    database: test.database,
    clock: systemClock,
    key: await openSigningKey(folder),
    checkpoints: createCheckpointFile(join(folder, 'checkpoints.jsonl')),
    osUid: 1000,
  })
})
afterAll(async () => {
  await test.close()
  await rm(folder, { recursive: true, force: true })
})

function entry(scope: TenantScope, overrides: Partial<AuditEntry> = {}): AuditEntry {
  return {
    tenantId: scope.tenantId,
    principalId: scope.principalId,
    onBehalfOf: null,
    action: 'tool:test.echo',
    resource: 'run:1',
    outcome: 'succeeded',
    policies: ['a'],
    policySet: null,
    digests: {},
    runId: null,
    actKey: null,
    detail: {},
    ...overrides,
  }
}

async function tenantWith(records: number): Promise<TenantScope> {
  const scope = await test.createTenant()
  await test.database.transaction(scope, async (tx) => {
    for (let index = 0; index < records; index += 1)
      await audit.append(tx, entry(scope, { detail: { index } }))
  })
  return scope
}

/** What somebody can do who owns the database itself: triggers and row-level security off, then anything. */
async function asDatabaseOwner(statements: readonly [string, unknown[]][]): Promise<void> {
  const client = await test.database.owner.pool.connect()
  try {
    await client.query('begin')
    for (const table of ['audit_log', 'audit_heads', 'audit_checkpoints']) {
      await client.query(`alter table ${table} no force row level security`)
      await client.query(`alter table ${table} disable trigger user`)
    }
    for (const [statement, values] of statements) await client.query(statement, values)
    for (const table of ['audit_log', 'audit_heads', 'audit_checkpoints']) {
      await client.query(`alter table ${table} force row level security`)
      await client.query(`alter table ${table} enable trigger user`)
    }
    await client.query('commit')
  } finally {
    client.release()
  }
}

const found = async (scope: TenantScope): Promise<string[]> =>
  (await audit.verify(scope)).problems
    .filter(({ kind }) => kind !== 'unproven')
    .map(({ kind, seq }) => `${kind} ${seq}`)

describe('the audit log', () => {
  it('appends with the transaction, or not at all', async () => {
    const scope = await tenantWith(2)
    await expect(
      test.database.transaction(scope, async (tx) => {
        await audit.append(tx, entry(scope))
        throw new Error('undone')
      }),
    ).rejects.toThrow('undone')
    expect(await audit.verify(scope)).toMatchObject({ ok: true, records: 2 })
  })

  it('stays without gaps when many append at once and some are undone', async () => {
    const scope = await tenantWith(0)
    await Promise.allSettled(
      Array.from({ length: 40 }, (_, index) =>
        test.database.transaction(scope, async (tx) => {
          await audit.append(tx, entry(scope))
          if (index % 4 === 0) throw new Error('undone')
        }),
      ),
    )
    expect(await audit.verify(scope)).toEqual({ ok: true, records: 30, signedThrough: 0, problems: [] })
  })

  it('keeps what is hostile as data', async () => {
    const scope = await tenantWith(0)
    const hostile = { [`"},"seq":7,"x":{"`]: `'; drop table audit_log; --`, nul: 'a\0b', half: '\ud800' }
    await test.database.transaction(scope, (tx) => audit.append(tx, entry(scope, { detail: hostile })))
    expect(await audit.verify(scope)).toMatchObject({ ok: true, records: 1 })
  })

  it('keeps every tenant’s chain apart', async () => {
    const [first, second] = [await tenantWith(3), await tenantWith(2)]
    expect(await audit.verify(first)).toMatchObject({ ok: true, records: 3 })
    expect(await audit.verify(second)).toMatchObject({ ok: true, records: 2 })
    await expect(
      test.database.transaction(first, (tx) => audit.append(tx, entry(second))),
    ).rejects.toMatchObject({ code: 'ATL_STORE_FORBIDDEN' })
    const rows = await test.database.transaction(second, (tx) =>
      tx.selectFrom('audit_log').select('tenant_id').distinct().execute(),
    )
    expect(rows).toEqual([{ tenant_id: second.tenantId }])
  })

  it('reads chains longer than a page', async () => {
    const scope = await tenantWith(0)
    await test.database.transaction(scope, (_tx, client) =>
      client.query('select audit_append($1) from generate_series(1, 2500)', [
        JSON.stringify({ ...entry(scope), time: 'now' }),
      ]),
    )
    expect(await audit.verify(scope)).toMatchObject({ ok: true, records: 2500 })
  })

  it.each([
    'delete from audit_log',
    `update audit_log set hash = 'x'`,
    'truncate audit_log',
    `insert into audit_log (tenant_id, seq, entry, hash, record) values ('x', 1, '{}', '', '{}')`,
    'update audit_heads set seq = 0',
    'delete from audit_heads',
    'delete from audit_checkpoints',
    'alter table audit_log disable trigger user',
    'drop table audit_log',
  ])('cannot be changed by the application: %s', async (statement) => {
    const scope = await tenantWith(1)
    await expect(
      test.database.transaction(scope, (_tx, client) => client.query(statement)),
    ).rejects.toMatchObject({ code: expect.stringMatching(/^ATL_STORE_FORBIDDEN$|^42501$/) as string })
  })

  it('cannot be changed by the schema’s owner without switching its guards off', async () => {
    const scope = await tenantWith(1)
    const client = await test.database.owner.pool.connect()
    try {
      await client.query('begin')
      await client.query(`select set_config('atelier.tenant_id', $1, true)`, [scope.tenantId])
      await expect(client.query('delete from audit_log')).rejects.toThrow(/never changed/)
    } finally {
      await client.query('rollback')
      client.release()
    }
  })
})

describe('verification finds what the database’s owner did', () => {
  const statements = {
    changed: (seq: number) =>
      `update audit_log set record = replace(record, 'test.echo', 'test.evil') where seq = ${seq} and tenant_id = $1`,
    removed: (seq: number) => `delete from audit_log where seq = ${seq} and tenant_id = $1`,
  }

  it('to any single record', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 2, max: 8 }),
        fc.nat(),
        fc.constantFrom('changed' as const, 'removed' as const),
        async (length, pick, kind) => {
          const scope = await tenantWith(length)
          const seq = (pick % length) + 1
          await asDatabaseOwner([[statements[kind](seq), [scope.tenantId]]])
          const expected = kind === 'removed' && seq === length ? 'truncated' : kind
          expect(await found(scope)).toEqual([`${expected} ${seq}`])
        },
      ),
      { numRuns: 10 },
    )
  })

  it('by changing places', async () => {
    const scope = await tenantWith(5)
    await asDatabaseOwner([
      ['update audit_log set seq = 100 where seq = 2 and tenant_id = $1', [scope.tenantId]],
      ['update audit_log set seq = 2 where seq = 4 and tenant_id = $1', [scope.tenantId]],
      ['update audit_log set seq = 4 where seq = 100 and tenant_id = $1', [scope.tenantId]],
    ])
    expect(await found(scope)).toEqual(expect.arrayContaining(['reordered 2', 'reordered 4']))
  })

  it('by cutting off the end and turning the head back, checkpoints in the database included', async () => {
    const scope = await tenantWith(5)
    await audit.checkpoint(scope)
    await asDatabaseOwner([
      ['delete from audit_log where seq > 3 and tenant_id = $1', [scope.tenantId]],
      [
        `update audit_heads set seq = 3, hash = (select hash from audit_log where seq = 3 and tenant_id = $1)
         where tenant_id = $1`,
        [scope.tenantId],
      ],
    ])
    expect(await found(scope)).toEqual(['truncated 4'])
    await asDatabaseOwner([['delete from audit_checkpoints where tenant_id = $1', [scope.tenantId]]])
    expect(await found(scope)).toEqual(['truncated 4'])
  })

  it('by writing the whole chain anew', async () => {
    const [scope, forged] = [await tenantWith(3), await tenantWith(3)]
    await audit.checkpoint(scope)
    await asDatabaseOwner([
      ['delete from audit_log where tenant_id = $1', [scope.tenantId]],
      ['delete from audit_heads where tenant_id = $1', [scope.tenantId]],
    ])
    await test.database.transaction(scope, async (tx) => {
      for (let index = 0; index < 3; index += 1)
        await audit.append(tx, entry(scope, { action: 'tool:forged' }))
    })
    expect(await found(scope)).toEqual(['rewritten 3'])
    expect(await found(forged)).toEqual([])
  })
})

describe('checkpoints', () => {
  it('say how far the chain is proven, and are none for an empty one', async () => {
    const empty = await tenantWith(0)
    expect(await audit.checkpoint(empty)).toBeUndefined()
    const scope = await tenantWith(4)
    const [first, second] = await Promise.all([audit.checkpoint(scope), audit.checkpoint(scope)])
    expect(first?.seq).toBe(4)
    expect(second?.seq).toBe(4)
    expect((await audit.verify(scope)).signedThrough).toBe(4)
  })

  it('outlive a line that a crash cut short', async () => {
    const scope = await tenantWith(2)
    await audit.checkpoint(scope)
    await appendFile(join(folder, 'checkpoints.jsonl'), '{"tenantId":"x","seq":')
    await test.database.transaction(scope, (tx) => audit.append(tx, entry(scope)))
    await audit.checkpoint(scope)
    await asDatabaseOwner([['delete from audit_checkpoints where tenant_id = $1', [scope.tenantId]]])
    expect(await audit.verify(scope)).toMatchObject({ ok: true, signedThrough: 3 })
  })
})

describe('an exported log', () => {
  const lines = async (scope: TenantScope): Promise<string[]> => {
    const collected: string[] = []
    for await (const line of audit.exportLines(scope)) collected.push(line)
    return collected
  }

  it('verifies without the database', async () => {
    const exported = await lines(await tenantWith(6))
    const file = join(folder, 'export.jsonl')
    await writeFile(file, exported.join('\n'))
    const read = (await readFile(file, 'utf8')).split('\n')
    const report = await verifyAuditExport(read, trustedKeys([audit.publicKey]))
    expect(report).toEqual({ ok: true, records: 6, signedThrough: 6, problems: [], keyTrusted: true })
    expect(await verifyAuditExport(read)).toMatchObject({ ok: true, keyTrusted: false })
  })

  it('shows every tampering', async () => {
    const exported = await lines(await tenantWith(6))
    const keys = trustedKeys([audit.publicKey])
    const problems = async (changed: readonly string[]): Promise<string[]> =>
      (await verifyAuditExport(changed, keys)).problems
        .filter(({ kind }) => kind !== 'unproven')
        .map(({ kind, seq }) => `${kind} ${seq}`)
    expect(await problems(exported.with(3, exported[3]!.replace('test.echo', 'test.evil')))).toEqual([
      'changed 3',
    ])
    expect(await problems(exported.with(3, 'scribble'))).toEqual(['changed 3'])
    expect(await problems(exported.toSpliced(3, 1))).toEqual(['removed 3'])
    expect(await problems(exported.slice(0, -1))).toEqual(['truncated 6'])
    expect(await problems(exported.with(2, exported[3]!).with(3, exported[2]!))).toEqual(['reordered 2'])
  })

  it.each([[[]], [['scribble']], [['{"format":"other"}']]])('is not %j', async (content) => {
    await expect(verifyAuditExport(content)).rejects.toMatchObject({ code: 'ATL_AUDIT_EXPORT_INVALID' })
  })
})

describe('the proof of a run', () => {
  it('connects its records to a checkpoint and seals the others', async () => {
    const scope = await tenantWith(2)
    const runId = 'run-1' as RunId
    const append = (more: Partial<AuditEntry>) =>
      test.database.transaction(scope, (tx) => audit.append(tx, entry(scope, more)))
    await append({ runId })
    await append({ detail: { secret: 'of another run' } })
    await append({ runId })
    await append({})
    const proof = await audit.proofOfRun(scope, runId)
    expect(proof.links.map(({ seq, record }) => [seq, record !== null])).toEqual([
      [3, true],
      [4, false],
      [5, true],
      [6, false],
    ])
    expect(proof.start.seq).toBe(2)
    expect(JSON.stringify(proof)).not.toContain('of another run')
    // The checkpoint that was taken for it serves again.
    await append({})
    expect((await audit.proofOfRun(scope, runId)).checkpoints).toEqual(proof.checkpoints)
  })
})
