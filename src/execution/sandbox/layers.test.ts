import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Sandbox, SandboxHost } from './port.ts'
import { createFixture, type Fixture } from './sandbox-fixture.ts'

let fixture: Fixture
beforeAll(async () => {
  fixture = await createFixture()
})
afterAll(() => fixture.remove())

/** A change to the workspace; paths are few, so that changes meet each other. */
type Change =
  | { readonly kind: 'write'; readonly path: string; readonly text: string }
  | { readonly kind: 'remove'; readonly path: string }
  | { readonly kind: 'directory'; readonly path: string }
  | { readonly kind: 'link'; readonly path: string }

const path = fc.constantFrom('a', 'b', 'a/x', 'a/y', 'b/x', 'a/x/deep', 'b/x/deep')
const change: fc.Arbitrary<Change> = fc.oneof(
  fc.record({ kind: fc.constant('write' as const), path, text: fc.constantFrom('1', '2', 'three') }),
  fc.record({ kind: fc.constantFrom('remove' as const, 'directory' as const, 'link' as const), path }),
)

/** What replaces whatever stands in the way of a change, as people do with rm -r. */
const scriptOf = (changes: readonly Change[]): string =>
  changes
    .map((entry) => {
      const parent = entry.path.includes('/') ? entry.path.slice(0, entry.path.lastIndexOf('/')) : '.'
      const clear = `{ [ -d ${parent} ] && [ ! -L ${parent} ] || { rm -rf ${parent.split('/')[0] ?? ''}; mkdir -p ${parent}; }; }`
      if (entry.kind === 'remove') return `rm -rf ${entry.path}`
      if (entry.kind === 'directory') return `${clear}; rm -rf ${entry.path}; mkdir ${entry.path}`
      if (entry.kind === 'link') return `${clear}; rm -rf ${entry.path}; ln -s target ${entry.path}`
      return `${clear}; rm -rf ${entry.path}; printf %s ${entry.text} > ${entry.path}`
    })
    .join('\n') || 'true'

/** Everything in the workspace: kind, path, and content or target. */
const listing = async (sandbox: Sandbox): Promise<string> => {
  const script =
    'find . -mindepth 1 | sort | while read -r p; do if [ -L "$p" ]; then echo "$p -> $(readlink "$p")"; elif [ -d "$p" ]; then echo "$p/"; else echo "$p: $(cat "$p")"; fi; done'
  const { stdout, stderr } = await sandbox.run({ argv: ['sh', '-c', script], timeoutMs: 20_000 })
  expect(stderr).toBe('')
  return stdout
}

/** The same listing of a directory of the host. */
function describeTree(root: string, below = '.'): string[] {
  return readdirSync(join(root, below)).flatMap((name) => {
    const at = `${below}/${name}`
    const stats = lstatSync(join(root, at))
    if (stats.isSymbolicLink()) return [`${at} -> ${readlinkSync(join(root, at))}`]
    if (stats.isDirectory()) return [`${at}/`, ...describeTree(root, at)]
    return [stats.isCharacterDevice() ? `${at} removed` : `${at}: ${readFileSync(join(root, at), 'utf8')}`]
  })
}

describe('layers', () => {
  const hosts: Record<string, SandboxHost> = {}
  beforeAll(async () => {
    hosts['namespaces'] = await fixture.namespaces()
    hosts['unconfined'] = await fixture.unconfined()
    hosts['disk'] = await fixture.namespaces('disk')
  })

  let number = 0
  const nextTarget = (): string => join(fixture.directory, `frozen-${(number += 1)}`)

  it.each(['namespaces', 'unconfined', 'disk'])(
    'carry every change to any later sandbox (%s)',
    async (kind) => {
      const base = await fixture.layer({ 'a/x/deep': 'base', 'a/y': 'base', b: { pointsTo: 'a' } })
      const rounds = fc.array(fc.array(change, { maxLength: 6 }), { minLength: 1, maxLength: 3 })
      await fc.assert(
        fc.asyncProperty(rounds, async (changes) => {
          const sandbox = await hosts[kind]!.create(fixture.spec({ layers: [base] }))
          let frozen = base
          for (const round of changes) {
            const { stderr } = await sandbox.run({ argv: ['sh', '-c', scriptOf(round)], timeoutMs: 20_000 })
            expect(stderr).toBe('')
            frozen = await sandbox.freeze(nextTarget())
          }
          const expected = await listing(sandbox)
          // What comes after the last freeze is dropped by rolling back, and nothing else is.
          await sandbox.run({
            argv: ['sh', '-c', 'rm -rf a; echo new > c; echo x > ~/home; echo x > "$TMPDIR/t"'],
            timeoutMs: 20_000,
          })
          await sandbox.rollback()
          expect(await listing(sandbox)).toBe(expected)
          expect(
            (
              await sandbox.run({ argv: ['sh', '-c', 'ls ~ "$TMPDIR" | grep -v :'], timeoutMs: 20_000 })
            ).stdout.trim(),
          ).toBe('')
          await sandbox.destroy()
          // A freeze holds all changes since the beginning, so the last one takes the place of those before.
          for (const other of ['namespaces', 'unconfined']) {
            const again = await hosts[other]!.create(fixture.spec({ layers: [base, frozen] }))
            expect(await listing(again), other).toBe(expected)
            await again.destroy()
          }
        }),
        { numRuns: 4 },
      )
    },
  )

  it.each(['namespaces', 'unconfined'])(
    'can be limited to some paths, and then leave the sandbox as it is (%s)',
    async (kind) => {
      const base = await fixture.layer({ keep: '1', 'node_modules/old': '1', 'deep/er/old': '1' })
      const sandbox = await hosts[kind]!.create(fixture.spec({ layers: [base] }))
      const script =
        'echo 2 > keep; rm node_modules/old; mkdir -p node_modules/new; echo 2 > node_modules/new/f; rm deep/er/old; echo 2 > deep/er/new; echo 2 > deep/other'
      await sandbox.run({ argv: ['sh', '-c', script], timeoutMs: 20_000 })
      const layer = await sandbox.freeze(nextTarget(), ['/workspace/node_modules', 'deep/er', 'absent/path'])
      expect(describeTree(layer).sort()).toEqual(
        [
          './deep/',
          './deep/er/',
          './deep/er/new: 2\n',
          './deep/er/old removed',
          './node_modules/',
          './node_modules/new/',
          './node_modules/new/f: 2\n',
          './node_modules/old removed',
        ].sort(),
      )
      await sandbox.rollback()
      expect(await listing(sandbox)).toContain('./keep: 1')
      await sandbox.destroy()
    },
  )

  it.each(['namespaces', 'unconfined'])('are never written over an existing directory (%s)', async (kind) => {
    const sandbox = await hosts[kind]!.create(fixture.spec({ layers: [await fixture.layer({ a: '1' })] }))
    const target = await fixture.layer({ mine: '1' })
    await expect(sandbox.freeze(target)).rejects.toMatchObject({ code: 'ATL_SANDBOX_EXPORT_FAILED' })
    await expect(sandbox.freeze(nextTarget(), ['/etc'])).rejects.toMatchObject({
      code: 'ATL_SANDBOX_EXPORT_FAILED',
    })
    expect(readdirSync(target)).toEqual(['mine'])
    await sandbox.destroy()
  })

  it('stack by the dozen', async () => {
    const layers = await Promise.all(
      Array.from({ length: 40 }, (_, index) => fixture.layer({ [`f${index}`]: '', last: String(index) })),
    )
    const sandbox = await hosts['namespaces']!.create(fixture.spec({ layers }))
    const { stdout } = await sandbox.run({ argv: ['sh', '-c', 'ls | wc -l; cat last'], timeoutMs: 20_000 })
    expect(stdout).toBe('41\n39')
    await sandbox.destroy()
  })
})
