import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { PrincipalId, RunId } from '../../kernel/index.ts'
import { createTestDatabase, type TenantScope, type TestDatabase } from '../../testing/index.ts'
import { readRecords, recordAttempt, type RoutingAttempt } from './attempts.ts'
import { decideRoute, type RoutingSituation } from './decision.ts'
import { routingMigrations } from './migrations.ts'
import { reportRouting } from './report.ts'
import { parseRoutingPolicy } from './routing-file.ts'
import type { WorkFacts } from './work-facts.ts'

const shipped = readFileSync(join(import.meta.dirname, '../../../models/routing.yaml'), 'utf8')
const policy = parseRoutingPolicy(shipped, 'routing.yaml')

const plain: WorkFacts = {
  title: 'Sums are wrong',
  kind: 'repair',
  bug: true,
  labels: [],
  files: ['src/sum.ts'],
  symbols: [],
  tests: [],
  frames: 0,
  criteria: 0,
  snippets: 0,
  words: 40,
  failing: 1,
}

function decide(work: Partial<WorkFacts> = {}, situation: Partial<RoutingSituation> = {}) {
  const decision = decideRoute(policy, {
    work: { ...plain, ...work },
    unavailable: () => undefined,
    records: () => [],
    ...situation,
  })
  return { ...decision, names: decision.tiers.map(({ name }) => name) }
}

describe('a decision', () => {
  test('tries the engineer without a model first, then models from the cheapest that fits', () => {
    expect(decide().names).toEqual(['zero-token', 'small', 'medium', 'large'])
  })

  test('starts higher with work that looks difficult', () => {
    const { names, difficulty } = decide({ bug: false, files: [], frames: 3, words: 800 })
    expect(difficulty).toBeGreaterThan(0.7)
    expect(names).toEqual(['zero-token', 'large'])
  })

  test('follows the first rule that holds, and says which', () => {
    const { rule, names, reasons } = decide({ labels: ['docs-only', 'incident'] })
    expect(rule).toBe('docs-only')
    expect(names).toEqual(['small', 'medium', 'large'])
    expect(reasons.join('\n')).toContain('docs-only')
    expect(decide({ labels: ['incident'] }).names).toEqual(['zero-token', 'large'])
  })

  test('leaves out tiers that have no model, and says why', () => {
    const { names, reasons } = decide({}, { unavailable: () => 'no key is set' })
    expect(names).toEqual(['zero-token'])
    expect(reasons.filter((reason) => reason.includes('no key is set'))).toHaveLength(3)
    const incident = decide(
      { labels: ['incident'] },
      { unavailable: (route) => (route === 'large' ? 'no key is set' : undefined) },
    )
    expect(incident.names).toEqual(['zero-token', 'medium'])
  })

  test('passes over a tier that has failed at like work often enough', () => {
    const records = () => [{ tier: 'small', attempts: 20, solved: 2 }]
    expect(decide({}, { records }).names).toEqual(['zero-token', 'medium', 'large'])
    const few = () => [{ tier: 'small', attempts: 5, solved: 0 }]
    expect(decide({}, { records: few }).names).toEqual(['zero-token', 'small', 'medium', 'large'])
  })

  test('never exceeds the attempts, keeps the order of tiers and is the same every time', () => {
    fc.assert(
      fc.property(
        fc.record({
          bug: fc.boolean(),
          labels: fc.array(fc.constantFrom('docs-only', 'incident', 'ui')),
          files: fc.array(fc.string({ maxLength: 20 }), { maxLength: 5 }),
          frames: fc.nat(10),
          words: fc.nat(100_000),
          failing: fc.integer({ min: -1, max: 50 }),
        }),
        fc.subarray(['small', 'medium', 'large']),
        (work, usable) => {
          const situation = {
            unavailable: (route: string) => (usable.includes(route) ? undefined : 'not here'),
          }
          const { names, difficulty } = decide(work, situation)
          const models = names.filter((name) => name !== 'zero-token')
          expect(models.length).toBeLessThanOrEqual(policy.attempts)
          expect(models).toEqual(usable.filter((name) => models.includes(name)))
          expect(models.length > 0).toBe(usable.length > 0)
          expect(difficulty).toBeGreaterThanOrEqual(0)
          expect(difficulty).toBeLessThanOrEqual(1)
          expect(decide(work, situation).names).toEqual(names)
        },
      ),
    )
  })
})

describe('a routing file', () => {
  test.each([
    ['no YAML', 'tiers: [', 'routing.yaml'],
    ['an unknown field', `${shipped}\ncolour: red`, 'colour'],
    ['a rule for no tier', shipped.replace('start: small', 'start: tiny'), 'tiny'],
    ['a rule that is no expression', shipped.replace('"incident" in', '"incident" inn'), 'incident'],
    ['two tiers of one name', shipped.replace('name: medium', 'name: small'), 'same name'],
    ['nothing', '', 'expected object'],
  ])('with %s is refused by code and place', (_name, text, place) => {
    expect(() => parseRoutingPolicy(text, 'routing.yaml')).toThrow(
      expect.objectContaining({
        code: 'ATL_ROUTING_FILE_INVALID',
        message: expect.stringContaining(place) as string,
      }),
    )
  })

  test('whose rule cannot be evaluated says which rule', () => {
    const broken = parseRoutingPolicy(
      shipped.replace('"incident" in work.labels', 'work.nothing > 1'),
      'file',
    )
    expect(() =>
      decideRoute(broken, { work: plain, unavailable: () => undefined, records: () => [] }),
    ).toThrow(expect.objectContaining({ code: 'ATL_ROUTING_RULE_FAILS' }))
  })
})

describe('what came of decisions', () => {
  let database: TestDatabase
  let scope: TenantScope
  beforeAll(async () => {
    database = await createTestDatabase({ migrations: routingMigrations })
    scope = await database.createTenant()
  })
  afterAll(() => database[Symbol.asyncDispose]())

  const attempt = (tier: string, outcome: RoutingAttempt['outcome'], money = 0): RoutingAttempt => ({
    tier,
    route: tier === 'zero-token' ? null : tier,
    outcome,
    detail: `${tier} ${outcome}`,
    money,
    inputTokens: money,
    outputTokens: 0,
    seconds: 3,
  })

  test('is reported: quality by tier, misroutes, and what the dearest tier would have cost', async () => {
    const tenantId = scope.tenantId
    const record = (run: string, number: number, what: RoutingAttempt) =>
      database.database.transaction(scope, (tx) =>
        recordAttempt(
          tx,
          {
            tenantId,
            runId: run as RunId,
            stepId: 'solve',
            number,
            principalId: 'person:owner' as PrincipalId,
            decision: { rule: null, difficulty: 0.2, policy: { version: 1, digest: policy.digest } },
          },
          what,
        ),
      )
    await record('run_1', 1, attempt('zero-token', 'solved'))
    await record('run_2', 1, attempt('zero-token', 'gave-up'))
    await record('run_2', 2, attempt('small', 'refuted', 100))
    await record('run_2', 3, attempt('medium', 'solved', 1000))
    await record('run_2', 3, attempt('medium', 'failed', 9999))
    await record('run_3', 1, attempt('small', 'solved', 100))

    const report = await database.database.transaction(scope, (tx) =>
      reportRouting(tx, tenantId, { since: new Date(0), dearest: { input: 10_000_000, output: 0 } }),
    )
    expect(report).toMatchObject({ pieces: 3, misrouted: 1, spent: 1200, dearest: 12_000 })
    expect(report.misroutes).toEqual([
      { runId: 'run_2', stepId: 'solve', first: 'small', solvedBy: 'medium', detail: 'small refuted' },
    ])
    expect(report.tiers.map(({ tier, attempts, solved }) => [tier, attempts, solved])).toEqual([
      ['small', 2, 1],
      ['zero-token', 2, 1],
      ['medium', 1, 1],
    ])
    const records = await database.database.transaction(scope, (tx) => readRecords(tx, tenantId))
    expect(records(0.25)).toContainEqual({ tier: 'small', attempts: 2, solved: 1 })
    expect(records(0.9)).toEqual([])
  })

  test("is no other tenant's business", async () => {
    const other = await database.createTenant()
    const report = await database.database.transaction(other, (tx) =>
      reportRouting(tx, scope.tenantId, { since: new Date(0), dearest: undefined }),
    )
    expect(report).toMatchObject({ pieces: 0, tiers: [], dearest: null })
  })
})
