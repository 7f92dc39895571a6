import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'

import type { Program } from '../program.ts'
import { settle } from '../settling.ts'
import { loadComparison } from '../tap/comparison.ts'
import type { TapComparison } from '../tap/comparison.ts'
import { SnapshotFile } from '../tap/snapshot-file.ts'
import { addSynonyms } from '../tap/synonyms.ts'
import { TapTest } from '../tap/tap-test.ts'
import type { TapSession } from '../tap/tap-test.ts'
import { loadFile, topLevel } from '../test-run.ts'
import type { Adapter, TestResult } from '../test-run.ts'

addSynonyms(TapTest.prototype)

const comparisons = new Map<string, TapComparison>()

/** tap, versions 12 to 21, over the comparison library of the project's own version. */
export const tap: Adapter = {
  async run(program, file, selection, observer, limits) {
    let comparison = comparisons.get(program.directory)
    if (comparison === undefined) {
      comparison = loadComparison(program.directory)
      comparisons.set(program.directory, comparison)
    }
    const results: TestResult[] = []
    const mocks = new Map<string, unknown>()
    const session: TapSession = {
      comparison,
      selection,
      observer,
      limits,
      results,
      snapshots: new SnapshotFile(program.directory, relative(program.directory, join(program.root, file))),
      mock: (request, replacements, from) => mockModule(program, mocks, request, replacements, from),
      makeDirectory,
    }
    const root = new TapTest(session, 'TAP', null)
    const api = tapApi(root)
    program.reset((request, from) => {
      if (request === 'tap' || request === '@tapjs/core') return { exports: api }
      const key = mocks.size === 0 ? '' : mockKey(program, request, from)
      return mocks.has(key) ? { exports: mocks.get(key) } : undefined
    })
    const failure = await loadFile(program, file)
    if (failure !== null) return { tests: results, failure }
    try {
      await root.drained()
    } catch (error) {
      root.threw(error)
    }
    if (selection.wants([topLevel])) {
      results.push({
        names: [topLevel],
        outcome: root.failure === null ? 'passed' : 'failed',
        ...root.failure,
      })
    }
    await settle(root.cleanUp(), limits.testMs, 'teardown').catch(() => undefined)
    return { tests: results }
  },
}

/** What `require('tap')` gives: `t` of the file itself, and the names that the package exports besides. */
function tapApi(root: TapTest): unknown {
  return Object.assign(root, {
    default: root,
    t: root,
    Test: TapTest,
    mocha: {},
    mochaGlobals: () => undefined,
  })
}

function mockKey(program: Program, request: string, from: string): string {
  try {
    return program.resolve(request, from)
  } catch {
    return `${from}\0${request}`
  }
}

/** Loads a module anew with some of the modules that it asks for replaced. */
function mockModule(
  program: Program,
  mocks: Map<string, unknown>,
  request: string,
  replacements: Readonly<Record<string, unknown>>,
  from: string,
): unknown {
  const outer = new Map(mocks)
  for (const [name, replacement] of Object.entries(replacements)) {
    mocks.set(mockKey(program, name, from), replacement)
  }
  try {
    return program.loadApart(request, from)
  } finally {
    mocks.clear()
    for (const [key, value] of outer) mocks.set(key, value)
  }
}

function makeDirectory(content: unknown): string {
  const directory = mkdtempSync(join(tmpdir(), 'tap-testdir-'))
  fill(directory, content)
  return directory
}

function fill(path: string, content: unknown): void {
  if (typeof content === 'string' || content instanceof Uint8Array) {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, content)
  } else if (typeof content === 'object' && content !== null) {
    if ('type' in content && content.type === 'symlink' && 'content' in content) {
      symlinkSync(String(content.content), path)
      return
    }
    mkdirSync(path, { recursive: true })
    for (const [name, value] of Object.entries(content)) fill(join(path, name), value)
  }
}
