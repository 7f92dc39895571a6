import fc from 'fast-check'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { PrincipalId, TenantId } from '../../kernel/index.ts'
import { ChainVerifier } from './chain.ts'
import type { ChainReport } from './chain.ts'
import { signCheckpoint, verifyCheckpoints } from './checkpoint.ts'
import type { Checkpoint } from './checkpoint.ts'
import { chainEntry, genesisHash, serialiseRecord } from './record.ts'
import type { AuditRecord, ChainHead, StoredEntry } from './record.ts'
import { openSigningKey, trustedKeys } from './signing-key.ts'
import type { SigningKey } from './signing-key.ts'

const tenantId = 'acme' as TenantId

function record(action: string): AuditRecord {
  return {
    time: '2026-01-02T03:04:05.678Z',
    tenantId,
    principalId: 'person:owner' as PrincipalId,
    onBehalfOf: null,
    osUid: 1000,
    action,
    resource: 'run:1',
    outcome: 'allowed',
    policies: ['a'],
    policySet: null,
    digests: {},
    runId: null,
    actKey: null,
    detail: {},
  }
}

function chainOf(length: number, label = 'act'): StoredEntry[] {
  const rows: StoredEntry[] = []
  for (let seq = 1; seq <= length; seq += 1) {
    const previous = rows.at(-1)?.hash ?? genesisHash(tenantId)
    rows.push(chainEntry(seq, previous, serialiseRecord(record(`${label}-${seq}`))))
  }
  return rows
}

const headOf = (rows: readonly StoredEntry[]): ChainHead => ({
  seq: rows.at(-1)?.seq ?? 0,
  hash: rows.at(-1)?.hash ?? genesisHash(tenantId),
})

let folder: string
let key: SigningKey

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'atelier-audit-'))
  key = await openSigningKey(folder)
})
afterAll(() => rm(folder, { recursive: true, force: true }))

function verify(
  rows: readonly StoredEntry[],
  head?: ChainHead | 'missing',
  checkpoints: readonly Checkpoint[] = [],
): ChainReport {
  const verifier = new ChainVerifier(tenantId, verifyCheckpoints(tenantId, checkpoints, key))
  for (const row of rows) verifier.add(row)
  return verifier.finish(head)
}

/** What was found, without the records that are merely not vouched for any more. */
const found = (report: ChainReport): string[] =>
  report.problems.filter(({ kind }) => kind !== 'unproven').map(({ kind, seq }) => `${kind} ${seq}`)

const sign = (rows: readonly StoredEntry[]): Checkpoint =>
  signCheckpoint(tenantId, headOf(rows), new Date('2026-01-02T03:04:05Z'), key)

const chains = fc
  .integer({ min: 2, max: 12 })
  .chain((length) => fc.record({ length: fc.constant(length), at: fc.integer({ min: 0, max: length - 1 }) }))

describe('an audit chain', () => {
  it('verifies as it was written, up to the signed record and beyond', () => {
    const rows = chainOf(9)
    expect(verify(rows, headOf(rows), [sign(rows.slice(0, 5))])).toEqual({
      ok: true,
      records: 9,
      signedThrough: 5,
      problems: [],
    })
    expect(verify([], headOf([]))).toMatchObject({ ok: true, records: 0 })
  })

  it('is found and located when the text of any record is changed', () => {
    fc.assert(
      fc.property(
        chains,
        fc.nat(),
        fc.string({ minLength: 1, maxLength: 1 }),
        ({ length, at }, offset, character) => {
          const rows = chainOf(length)
          const row = rows[at]!
          const position = offset % row.entry.length
          const entry = row.entry.slice(0, position) + character + row.entry.slice(position + 1)
          fc.pre(entry !== row.entry)
          const mutated = rows.with(at, { ...row, entry })
          expect(found(verify(mutated, headOf(rows)))).toContain(`changed ${row.seq}`)
        },
      ),
    )
  })

  it('is found and located when the record itself is changed', () => {
    fc.assert(
      fc.property(chains, fc.string(), ({ length, at }, record) => {
        const rows = chainOf(length)
        const row = rows[at]!
        expect(found(verify(rows.with(at, { ...row, record }), headOf(rows)))).toEqual([`changed ${row.seq}`])
      }),
    )
  })

  it('can be proven in part, with the records of others sealed', () => {
    const rows = chainOf(9)
    const part = rows.slice(3).map((row) => (row.seq === 5 ? row : { ...row, record: null }))
    const proof = (links: readonly StoredEntry[]) => {
      const verifier = new ChainVerifier(
        tenantId,
        verifyCheckpoints(tenantId, [sign(rows)], key),
        headOf(rows.slice(0, 3)),
      )
      for (const link of links) verifier.add(link)
      return verifier.finish()
    }
    expect(proof(part)).toMatchObject({ ok: true, records: 6, signedThrough: 9 })
    expect(found(proof(part.with(1, { ...rows[4]!, record: '{}' })))).toEqual(['changed 5'])
    expect(found(proof(part.toSpliced(2, 1)))).toEqual(['removed 6'])
    expect(found(proof(part.slice(0, -1)))).toEqual(['truncated 9'])
  })

  it('is found and located when the hash of any record is changed', () => {
    fc.assert(
      fc.property(chains, fc.string(), ({ length, at }, hash) => {
        const rows = chainOf(length)
        const row = rows[at]!
        expect(found(verify(rows.with(at, { ...row, hash }), headOf(rows)))).toEqual([`changed ${row.seq}`])
      }),
    )
  })

  it('is found and located when a record is replaced by one with a fitting hash', () => {
    fc.assert(
      fc.property(chains, ({ length, at }) => {
        const rows = chainOf(length)
        const previous = at === 0 ? genesisHash(tenantId) : rows[at - 1]!.hash
        const forged = chainEntry(at + 1, previous, serialiseRecord(record('forged')))
        expect(found(verify(rows.with(at, forged), headOf(rows)))).toEqual([`changed ${at + 1}`])
        const unlinked = chainEntry(
          at + 1,
          genesisHash('other' as TenantId),
          serialiseRecord(record('forged')),
        )
        expect(found(verify(rows.with(at, unlinked), headOf(rows)))).toEqual([`changed ${at + 1}`])
      }),
    )
  })

  it('is found and located when any record is removed', () => {
    fc.assert(
      fc.property(chains, ({ length, at }) => {
        const rows = chainOf(length)
        const kind = at === length - 1 ? 'truncated' : 'removed'
        expect(found(verify(rows.toSpliced(at, 1), headOf(rows)))).toEqual([`${kind} ${at + 1}`])
      }),
    )
  })

  it('is found and located when two records change places', () => {
    fc.assert(
      fc.property(chains, fc.nat(), ({ length, at }, by) => {
        const rows = chainOf(length)
        const other = (at + 1 + (by % (length - 1))) % length
        const [first, second] = [rows[at]!, rows[other]!]
        const inFile = rows.with(at, second).with(other, first)
        expect(found(verify(inFile))).toContain(`reordered ${Math.min(first.seq, second.seq)}`)
        // In the database the place is the sequence column.
        const inTable = rows
          .with(at, { ...second, seq: first.seq })
          .with(other, { ...first, seq: second.seq })
        expect(found(verify(inTable, headOf(rows)))).toEqual(
          expect.arrayContaining([`reordered ${first.seq}`, `reordered ${second.seq}`]),
        )
      }),
    )
  })

  it('is found and located when a record is repeated or smuggled in', () => {
    fc.assert(
      fc.property(chains, ({ length, at }) => {
        const rows = chainOf(length)
        const again = rows.toSpliced(at + 1, 0, rows[at]!)
        expect(found(verify(again, headOf(rows)))).toEqual([`inserted ${at + 1}`])
        const forged = chainEntry(at + 1, rows[at]!.hash, serialiseRecord(record('forged')))
        expect(found(verify(rows.toSpliced(at + 1, 0, forged), headOf(rows)))).toEqual([`inserted ${at + 1}`])
        const appended = chainEntry(length + 1, rows.at(-1)!.hash, serialiseRecord(record('forged')))
        expect(found(verify([...rows, appended], headOf(rows)))).toEqual([`inserted ${length + 1}`])
      }),
    )
  })

  it('is found when its end is cut off and the head is turned back, by a checkpoint', () => {
    fc.assert(
      fc.property(chains, ({ length, at }) => {
        const rows = chainOf(length)
        const rest = rows.slice(0, at)
        expect(found(verify(rest, headOf(rest), [sign(rows)]))).toEqual([`truncated ${at + 1}`])
      }),
    )
  })

  it('is found when it is rewritten as a whole, by a checkpoint', () => {
    fc.assert(
      fc.property(chains, ({ length }) => {
        const rows = chainOf(length)
        const forged = chainOf(length, 'forged')
        expect(verify(forged, headOf(forged)).ok).toBe(true)
        expect(found(verify(forged, headOf(forged), [sign(rows)]))).toEqual([`rewritten ${length}`])
      }),
    )
  })

  it('is not saved by a checkpoint that is forged', () => {
    const forged = chainOf(4, 'forged')
    const stranger = generateKeyPairSync('ed25519')
      .publicKey.export({ type: 'spki', format: 'pem' })
      .toString()
    const checkpoint = { ...sign(forged), signature: Buffer.alloc(64).toString('base64') }
    expect(found(verify(forged, headOf(forged), [sign(chainOf(4)), checkpoint]))).toEqual([
      'checkpoint-forged 4',
      'rewritten 4',
    ])
    const verifier = new ChainVerifier(
      tenantId,
      verifyCheckpoints(tenantId, [sign(forged)], trustedKeys([stranger, 'not a key'])),
    )
    for (const row of forged) verifier.add(row)
    expect(found(verifier.finish())).toEqual(['checkpoint-forged 4'])
  })

  it('does not accept the chain or a checkpoint of another tenant', () => {
    const rows = chainOf(3)
    const verifier = new ChainVerifier('globex' as TenantId, [])
    for (const row of rows) verifier.add(row)
    expect(verifier.finish(headOf(rows)).ok).toBe(false)
    expect(verifyCheckpoints('globex' as TenantId, [sign(rows)], key).map(({ genuine }) => genuine)).toEqual([
      false,
    ])
  })

  it('tells when the head was removed or changed', () => {
    const rows = chainOf(3)
    expect(found(verify(rows, 'missing'))).toEqual(['head-changed 3'])
    expect(found(verify(rows, { seq: 3, hash: 'sha256:0' }, [sign(rows)]))).toEqual(['head-changed 3'])
  })

  it('keeps characters that PostgreSQL cannot store out of the chain', () => {
    expect(serialiseRecord(record('a\0b\ud800'))).toContain('"a\uFFFDb\uFFFD"')
  })
})

describe('the signing key', () => {
  it('is created once, private to its owner, by however many start at a time', async () => {
    const shared = await mkdtemp(join(folder, 'keys-'))
    const keys = await Promise.all([1, 2, 3, 4].map(() => openSigningKey(shared)))
    expect(new Set(keys.map(({ keyId }) => keyId)).size).toBe(1)
    expect((await stat(join(shared, 'audit-signing-key.pem'))).mode & 0o777).toBe(0o600)
  })

  it('is never replaced silently when it is damaged', async () => {
    const damaged = await mkdtemp(join(folder, 'keys-'))
    await writeFile(join(damaged, 'audit-signing-key.pem'), 'scribble')
    await expect(openSigningKey(damaged)).rejects.toMatchObject({ code: 'ATL_AUDIT_KEY_UNREADABLE' })
    expect(await readFile(join(damaged, 'audit-signing-key.pem'), 'utf8')).toBe('scribble')
  })

  it('signs what its public half verifies', () => {
    const trusted = trustedKeys([key.publicKey])
    expect(trusted.verify(key.keyId, 'statement', key.sign('statement'))).toBe(true)
    expect(trusted.verify(key.keyId, 'another', key.sign('statement'))).toBe(false)
    expect(trusted.verify('sha256:unknown', 'statement', key.sign('statement'))).toBe(false)
    expect(trusted.verify(key.keyId, 'statement', 'scribble')).toBe(false)
  })
})
