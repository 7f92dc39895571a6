import fc from 'fast-check'
import { generateKeyPairSync } from 'node:crypto'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { canonicalJson, digestOf, digestOfValue, systemClock } from '../../kernel/index.ts'
import type { RunId } from '../../kernel/index.ts'
import { putBlob } from '../../store/index.ts'
import { createGovernedStudio, createWorld, echoTool, publishTool } from '../../testing/index.ts'
import type { GovernedStudio } from '../../testing/index.ts'
import { openSigningKey, trustedKeys } from '../audit/index.ts'
import { exportEvidence, verifyEvidence } from './index.ts'
import type { EvidenceBundle } from './index.ts'

let studio: GovernedStudio
let bundle: EvidenceBundle
let runId: RunId

beforeAll(async () => {
  studio = await createGovernedStudio()
  runId = await studio.openRun({ repository: '/srv/app' })
  const other = await studio.openRun()
  const { door } = studio.governance
  await door.act(echoTool(), { text: 'repair' }, studio.request(runId, { principal: studio.agent }))
  await door.act(echoTool(), { text: 'somebody else' }, studio.request(other))
  await expect(door.act(echoTool(), { text: 1 }, studio.request(runId))).rejects.toThrow()
  const subject = await studio.approve(runId, 'tree-a')
  const request = studio.request(runId, { approval: { subject } })
  await door.act(publishTool(createWorld()), { tree: 'tree-a' }, request)
  bundle = await exportBundle()
})
afterAll(() => studio[Symbol.asyncDispose]())

async function exportBundle(run = runId): Promise<EvidenceBundle> {
  const { database, governance, scope, tenantId } = studio
  const plan = canonicalJson({ steps: ['repair', 'publish'] })
  await database.transaction(scope, (tx) => putBlob(tx, tenantId, plan))
  return exportEvidence(
    {
      database,
      clock: systemClock,
      audit: governance.audit,
      approvals: governance.approvals,
      key: await openSigningKey(join(studio.directory, 'keys')),
      environment: { isolation: 'namespaces', node: process.version },
      story: () =>
        Promise.resolve({
          run: { runId: run, status: 'succeeded' },
          plans: [{ version: 1, digest: digestOf(plan), reason: 'first' }],
          steps: [{ stepId: 'repair', outputDigest: digestOfValue({ text: 'repair' }) }],
          events: [{ sequence: 1, kind: 'run-started' }],
        }),
    },
    scope,
    run,
  )
}

/** As it is read from a file. */
const copy = (): EvidenceBundle => JSON.parse(JSON.stringify(bundle)) as EvidenceBundle

/** Signs a bundle anew after it was tampered with, as somebody could who has the studio's own key. */
async function resigned(change: (bundle: EvidenceBundle) => void): Promise<EvidenceBundle> {
  const forged = copy()
  change(forged)
  const key = await openSigningKey(join(studio.directory, 'keys'))
  const manifest = Object.fromEntries(
    Object.entries(forged.parts).map(([name, part]) => [name, digestOfValue(part)]),
  )
  const { format, tenantId, exportedAt } = forged
  const digest = digestOfValue({ format, tenantId, runId: forged.runId, exportedAt, manifest })
  return { ...forged, manifest, digest, signature: { ...forged.signature, value: key.sign(digest) } }
}

describe('evidence', () => {
  it('explains a run from its mandate to its effect, and verifies offline', () => {
    const report = verifyEvidence(copy(), trustedKeys([studio.governance.audit.publicKey]))
    expect(report).toMatchObject({ ok: true, problems: [] })
    expect(report.checked).toBeGreaterThan(30)
    expect(bundle.parts.acts.map(({ tool, state }) => `${tool} ${state}`)).toEqual([
      'test.echo succeeded',
      'test.echo refused',
      'repository.publish succeeded',
    ])
    expect(bundle.parts.mandate).toMatchObject({ requester: 'person:reporter', repository: '/srv/app' })
  })

  it('holds nothing of other runs', () => {
    expect(JSON.stringify(bundle)).not.toContain('somebody else')
    expect(bundle.parts.audit.links.some(({ record }) => record === null)).toBe(true)
  })

  it('is refused when anything in it is changed', () => {
    const paths = leaves(copy())
    fc.assert(
      fc.property(fc.constantFrom(...paths), (path) => {
        const forged = copy()
        mutate(forged, path)
        expect(verifyEvidence(forged).ok, path.join('.')).toBe(false)
      }),
      { numRuns: 150 },
    )
  })

  it('explains every run, whatever happened in it (I1, I11)', async () => {
    const { door } = studio.governance
    const behaviour = fc.constantFrom<Behaviour>(
      'succeed',
      'fail',
      'deny',
      'publish',
      'publish-unapproved',
      'repeat',
    )
    await fc.assert(
      fc.asyncProperty(fc.array(behaviour, { minLength: 1, maxLength: 6 }), async (behaviours) => {
        const run = await studio.openRun({ limits: { toolCalls: 4 } })
        const subject = await studio.approve(run, 'tree-a')
        // What every run needs for the story that this test tells about it.
        await door.act(echoTool(), { text: 'repair' }, studio.request(run))
        const last = studio.request(run)
        const perform = {
          succeed: () => door.act(echoTool(), { text: 'a' }, studio.request(run)),
          fail: () =>
            door.act(
              echoTool(() => Promise.reject(new Error('no'))),
              { text: 'b' },
              studio.request(run),
            ),
          deny: () => door.act(echoTool(), {}, studio.request(run, { principal: studio.people.engineer })),
          publish: () =>
            door.act(
              publishTool(createWorld()),
              { tree: 'tree-a' },
              studio.request(run, { approval: { subject } }),
            ),
          'publish-unapproved': () =>
            door.act(publishTool(createWorld()), { tree: 'tree-b' }, studio.request(run)),
          repeat: () => door.act(echoTool(), { text: 'c' }, last),
        }
        for (const kind of behaviours) await Promise.resolve(perform[kind]()).catch(() => undefined)
        const exported: unknown = JSON.parse(JSON.stringify(await exportBundle(run)))
        expect(verifyEvidence(exported)).toMatchObject({ ok: true, problems: [] })
      }),
      { numRuns: 6 },
    )
  })

  it('is refused when it is signed by a key that is not trusted', () => {
    const stranger = generateKeyPairSync('ed25519')
      .publicKey.export({ type: 'spki', format: 'pem' })
      .toString()
    const { ok, problems } = verifyEvidence(copy(), trustedKeys([stranger]))
    expect(ok).toBe(false)
    expect(problems).toContain('the bundle is not signed by a trusted key')
  })

  it.each<[string, (forged: EvidenceBundle) => void, RegExp]>([
    [
      'an effect whose approval is missing',
      ({ parts }) => parts.approvals.splice(0),
      /effect .* has no approval/,
    ],
    [
      'an approver who is an author',
      ({ parts }) => {
        parts.approvals[0]!.decisions[0]!.principalId = parts.mandate.requester
      },
      /approved their own work/,
    ],
    [
      'an approval of another tree',
      ({ parts }) => {
        parts.approvals[0]!.subject.tree = 'tree-b'
      },
      /does not fit its digest/,
    ],
    [
      'an output that was replaced',
      ({ parts }) => {
        const act = parts.acts.at(-1)!
        act.outputDigest = digestOf('{}')
        parts.blobs[digestOf('{}')] = '{}'
      },
      /the audit log does not say so about this output/,
    ],
    [
      'a decision that was turned',
      ({ parts }) => {
        for (const decision of parts.decisions) decision.decision = 'deny'
      },
      /without a decision that allows it/,
    ],
    [
      'a cost that was lowered',
      ({ parts }) => {
        parts.acts[0]!.cost.toolCalls = 0
      },
      /cost something else/,
    ],
    [
      'an audit record that was removed',
      ({ parts }) => {
        parts.audit.links.splice(1, 1)
      },
      /audit: record \d+ is missing/,
    ],
    [
      'an act that was left out',
      ({ parts }) => {
        parts.acts.shift()
      },
      /was audited but is not recorded/,
    ],
  ])('signed anew by the studio’s own key still shows %s', async (_what, change, problem) => {
    const { problems } = verifyEvidence(await resigned(change))
    expect(problems.join('\n')).toMatch(problem)
  })

  it.each([undefined, null, 7, 'x', [], {}, { format: 'atelier-evidence/1' }])('is not %j', (value) => {
    expect(verifyEvidence(value)).toMatchObject({ ok: false, checked: 1 })
  })

  it('says what is gone from the database', async () => {
    await studio.database.owner.pool.query('alter table blobs no force row level security')
    const { rowCount } = await studio.database.owner.pool.query('delete from blobs where digest = $1', [
      digestOfValue({ text: 'repair' }),
    ])
    expect(rowCount).toBe(1)
    await expect(exportBundle()).rejects.toMatchObject({ code: 'ATL_EVIDENCE_INCOMPLETE' })
  })
})

type Behaviour = 'succeed' | 'fail' | 'deny' | 'publish' | 'publish-unapproved' | 'repeat'

type Path = readonly string[]

function leaves(value: unknown, path: Path = []): Path[] {
  if (value === null || typeof value !== 'object') return [path]
  return Object.entries(value).flatMap(([key, member]) => leaves(member, [...path, key]))
}

function mutate(root: unknown, path: Path): void {
  let place = root as Record<string, unknown>
  for (const key of path.slice(0, -1)) place = place[key] as Record<string, unknown>
  const last = path.at(-1)!
  const value = place[last]
  place[last] =
    typeof value === 'number' ? value + 1 : typeof value === 'boolean' ? !value : `${String(value)}~`
}
