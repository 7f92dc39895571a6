import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { operations } from '../../src/contracts/api/index.ts'
import type { Operation } from '../../src/contracts/api/index.ts'
import { seededIdentities } from '../../src/governance/index.ts'
import { createChance } from './requests.ts'
import { createAttackedStudio } from './tenants.ts'
import type { AttackedStudio, Attacker } from './tenants.ts'

/** More by `ATELIER_ATTACKS`; each is one request of a random operation with random, own and foreign ids. */
const attacks = Number(process.env['ATELIER_ATTACKS'] ?? 2000)
const atOnce = 12
/** A busy machine tries fewer. */
const longestMs = attacks > 2000 ? Infinity : 30_000
const seed = Number(process.env['ATELIER_SEED'] ?? Date.now() % 1_000_000)

let studio: AttackedStudio
let attackers: readonly [Attacker, Attacker]

beforeAll(async () => {
  studio = await createAttackedStudio()
  attackers = [await studio.createAttacker('acme'), await studio.createAttacker('umbra')]
})
afterAll(() => studio[Symbol.asyncDispose]())

describe(`two tenants that attack each other (seed ${seed})`, () => {
  const outcomes = new Map<string, Set<number>>()

  it('see nothing of each other in any answer, whatever they ask for', { timeout: 600_000 }, async () => {
    const chance = createChance(seed)
    const act = async (self: Attacker, operation?: Operation): Promise<void> => {
      const other = attackers.find((candidate) => candidate !== self)!
      const outcome = await studio.attack(self, [other], chance, operation)
      expect(outcome.text.includes(other.marker), outcome.text).toBe(false)
      expect(outcome.status, outcome.text).toBeLessThan(500)
      const statuses = outcomes.get(outcome.operation) ?? new Set()
      outcomes.set(outcome.operation, statuses.add(outcome.status))
    }
    // Everything once by everybody, and then whatever chance has it.
    const everything = attackers.flatMap((self) =>
      Object.values<Operation>(operations).map((each) => ({ self, each })),
    )
    const next = (): Promise<void> => {
      const { self, each } = everything.pop() ?? {}
      return act(self ?? chance.of(attackers), each)
    }
    const begun = performance.now()
    for (let done = 0; done < attacks; done += atOnce) {
      if (everything.length === 0 && performance.now() - begun > longestMs) break
      await Promise.all(Array.from({ length: atOnce }, next))
    }
  })

  it('see nothing of each other when they are projects of one tenant', { timeout: 600_000 }, async () => {
    const chance = createChance(seed)
    const [{ tenantId }] = attackers
    const colleagues = [
      await studio.createColleague(attackers[0], 'shop'),
      await studio.createColleague(attackers[0], 'bank'),
    ] as const
    const [shop, bank] = colleagues
    for (const operation of Object.values<Operation>(operations))
      for (const [self, other] of [colleagues, [bank, shop] as const]) {
        const { status, text } = await studio.attack(self, [other], chance, operation)
        expect(text.includes(other.marker), `${operation.id} in ${tenantId}: ${text}`).toBe(false)
        expect(status, text).toBeLessThan(500)
      }
  })

  it('tried every operation, and could do what is theirs', () => {
    const ids = Object.keys(operations) as (keyof typeof operations)[]
    expect(ids.filter((id) => !outcomes.has(id))).toEqual([])
    const successful = ids.filter((id) => [...outcomes.get(id)!].some((status) => status < 300))
    // Only whoever runs the studio manages tenants; everything else has to have been done by its own tenant.
    const refused = ids.filter((id) => operations[id].tag === 'tenants')
    expect(refused.flatMap((id) => [...outcomes.get(id)!]).some((status) => status < 300)).toBe(false)
    // Most of them where there is time; once each, at the least, by chance does less.
    expect(successful.length).toBeGreaterThan((ids.length - refused.length) / 3)
  })

  it('can read nothing of each other in the database, whatever they would run there', async () => {
    for (const [self, other] of [attackers, attackers.toReversed()] as const) {
      const text = await studio.readable(self.tenantId)
      expect(text).toContain(self.marker)
      expect(text.includes(other.marker), `${other.marker} in what ${self.tenantId} can read`).toBe(false)
    }
  })

  it('leave nothing that they wrote, and no secret, in the log that is for whoever runs the studio', async () => {
    const logs = await studio.logs()
    for (const { marker } of attackers) expect(logs.includes(marker)).toBe(false)
    expect(logs).not.toMatch(/atl_(?:api|session|link|device|sk)_/)
  })

  it('are gone when they are deleted: no table has anything of theirs, and the other one has all', async () => {
    const [gone, stays] = attackers
    const operator = await operatorOf(studio)
    const before = (await studio.readable(stays.tenantId)).split(stays.marker).length
    await studio.below.identity.tenants.change(operator, gone.tenantId, { state: 'suspended' })
    const proof = await studio.below.identity.tenants.delete(operator, gone.tenantId)
    const some = expect.any(Number) as number
    expect(proof.rows).toMatchObject({ runs: some, work_items: some, 'engine tickets': some })
    expect(await studio.readable(gone.tenantId)).not.toContain(gone.marker)
    const { rows } = await studio.below.database.owner.pool.query<{ name: string; named: boolean }>(
      `select format('%I.%I', nspname, relname) as name,
         exists (select from pg_attribute where attrelid = pg_class.oid and attname = 'tenant_id') as named
       from pg_class join pg_namespace on pg_namespace.oid = relnamespace
       where nspname in ('public', 'dbos') and relkind = 'r'`,
    )
    const left: string[] = []
    for (const { name, named } of rows) {
      // As the owner sees it without row-level security.
      if (named) await owner(`alter table ${name} no force row level security`)
      const ofTenant = named ? `or tenant_id = '${gone.tenantId}'` : ''
      const found = await owner(
        `select from ${name} t where strpos(t.*::text, '${gone.marker}') > 0 ${ofTenant} limit 1`,
      )
      if (named) await owner(`alter table ${name} force row level security`)
      if (found > 0) left.push(name)
    }
    expect(left).toEqual([])
    expect((await studio.readable(stays.tenantId)).split(stays.marker).length).toBe(before)
  })

  const owner = async (statement: string): Promise<number> =>
    (await studio.below.database.owner.pool.query(statement)).rowCount ?? 0
})

async function operatorOf({ below }: AttackedStudio) {
  const { tenant, owner } = seededIdentities
  const code = await below.identity.people.inviteAgain(
    {
      principal: { kind: 'person', id: owner, tenantId: tenant, roles: [], onBehalfOf: undefined },
      via: 'local',
      credentialId: null,
      scopes: 'all',
    },
    owner,
  )
  const { cookies } = await below.identity.signIn.withLink(code, 'test')
  const caller = await below.identity.authenticator.authenticate({ cookie: cookies[0]!.split(';')[0]! })
  return caller!
}
