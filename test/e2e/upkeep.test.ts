import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { RunView } from '../../src/contracts/index.ts'
import { runAtelier } from './atelier-process.ts'
import { git, scratchRepository } from './scratch-repository.ts'

let directory: string
let repository: string

/** A real project with ESLint, Prettier and a lock file, for all kinds of work: its dependencies are installed once. */
beforeAll(() => {
  directory = mkdtempSync(path.join(os.tmpdir(), 'atelier-upkeep-'))
  chmodSync(directory, 0o755)
  repository = scratchRepository('test/fixtures/till', path.join(directory, 'till'))
})

afterAll(() => rmSync(directory, { recursive: true, force: true }))

type Answer = Partial<RunView> & { readonly error?: { readonly code: string } | null }

async function atelier(
  ...args: readonly string[]
): Promise<{ readonly code: number | null; readonly run: Answer }> {
  const { code, stdout, stderr } = await runAtelier(path.join(directory, 'data'), ...args, '--json')
  expect(stderr + stdout).not.toMatch(/\n\s+at .*\.ts:\d+/)
  return { code, run: JSON.parse(stdout) as Answer }
}

/** Everything that was verified holds, and no test is broken. */
function expectVerified({ code, run }: Awaited<ReturnType<typeof atelier>>): void {
  expect(code, JSON.stringify(run.error ?? run.report)).toBe(3)
  expect(run.report?.checks.length).toBeGreaterThan(1)
  expect(run.report?.checks.every(({ holds }) => holds)).toBe(true)
  expect(run.report?.proof).toMatchObject({ passed: 2, failed: 0 })
}

test(
  'lint fixes are read from the title, approved, and published on a branch',
  { timeout: 600_000 },
  async () => {
    const asked = await atelier('solve', '--repo', repository, '--issue', 'Fix lint errors', '--approve')
    expect(asked.code, JSON.stringify(asked.run.error ?? asked.run.report)).toBe(0)
    expect(asked.run).toMatchObject({ outcome: 'delivered', workflow: { name: 'lint-fix' } })
    expect(asked.run.report?.attention).toContain('the kind of work was read from the title: Fix lint errors')
    const branch = asked.run.report?.published?.branch ?? ''
    expect(git(repository, 'show', `${branch}:src/till.js`)).toContain('const rounded')

    // What was counted and verified is part of the evidence.
    const file = path.join(directory, 'evidence.json')
    expect((await runAtelier(path.join(directory, 'data'), 'evidence', 'export', '-o', file)).code).toBe(0)
    expect(readFileSync(file, 'utf8')).toContain('no new problem')
    expect((await runAtelier(path.join(directory, 'data'), 'evidence', 'verify', file)).code).toBe(0)
  },
)

test('formatting keeps the syntax trees', { timeout: 600_000 }, async () => {
  const formatted = await atelier('fix', 'format', '--repo', repository, '--no-wait')
  expectVerified(formatted)
  expect(formatted.run.report).toMatchObject({ kind: 'format', explanation: 'prettier formatted 1 file.' })
})

test(
  'a codemod takes its rule from a file, and has nothing to do where nothing matches',
  { timeout: 600_000 },
  async () => {
    const rule = path.join(directory, 'rule.yml')
    writeFileSync(
      rule,
      'id: zero\nlanguage: JavaScript\nrule: { pattern: $A == 0 }\nfix: $A === 0\nmetadata: { complete: true }\n',
    )
    const changed = await atelier('codemod', rule, '--repo', repository, '--no-wait')
    expectVerified(changed)
    expect(changed.run.report?.patch).toContain('+  if (rounded === 0) return 0')

    const elsewhere = await atelier('codemod', rule, '--repo', repository, '--path', 'test')
    expect(elsewhere.code).toBe(0)
    expect(elsewhere.run).toMatchObject({
      outcome: 'unchanged',
      report: { explanation: 'The rule matches nothing.' },
    })

    const absent = await atelier('codemod', 'no-such-rule', '--repo', repository)
    expect(absent).toMatchObject({ code: 6, run: { error: { code: 'ATL_UPKEEP_RULE_NOT_FOUND' } } })
  },
)

test('an update of a dependency brings its versions and its changelog', { timeout: 600_000 }, async () => {
  const updated = await atelier('deps', '--repo', repository, '--package', 'commander', '--no-wait')
  expectVerified(updated)
  expect(updated.run.report?.summary?.files.map((file) => file.path)).toEqual(['package-lock.json'])
  expect(updated.run.report?.found.join('\n')).toContain('commander 2.19.0 → 2.20.3')
})
