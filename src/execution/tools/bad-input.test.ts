import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Intent } from '../../contracts/index.ts'
import { executeTool } from './execute.ts'
import { reproduceFault } from './reproduce.ts'
import { ScratchWorkbench } from '../../testing/index.ts'

let bench: ScratchWorkbench

beforeAll(async () => {
  bench = await ScratchWorkbench.open()
})
afterAll(() => bench[Symbol.asyncDispose]())

const intent: Intent = {
  kind: 'bug',
  goal: 'It does not work',
  acceptanceCriteria: [],
  files: [],
  symbols: [],
  tests: [],
  stackFrames: [],
  snippets: [],
  commands: [],
}

type Files = Parameters<ScratchWorkbench['repository']>[0]

/** From the repository to the frozen set of failing tests. */
async function reproduce(files: Files) {
  const { workspace, context } = await bench.prepare(bench.repository(files), { kind: 'repair' })
  const baseline = await executeTool(bench.places).perform({ workspace }, context)
  return reproduceFault(bench.places, { workspace, intent, baseline }, context)
}

const manifest = { 'package.json': JSON.stringify({ scripts: { test: 'node --test' } }) }
const head = "const test = require('node:test')\nconst assert = require('node:assert')\n"
const failing = `${head}test('shows it', () => { assert.equal(1, 2) })\n`

describe('repositories whose tests are no help', { timeout: 120_000 }, () => {
  it('have none', async () => {
    await expect(reproduce({ 'README.md': '' })).rejects.toMatchObject({ code: 'ATL_TESTING_NO_TESTS' })
    await expect(reproduce({ ...manifest, 'a.test.js': '' })).rejects.toMatchObject({
      code: 'ATL_REPRODUCE_NO_TESTS',
    })
  })

  it('have tests that pass alone and fail together', async () => {
    const files = {
      'pytest.ini': '[pytest]\n',
      'shared.py': 'items = []\n',
      'test_a.py': 'import shared\n\ndef test_fills():\n    shared.items.append(1)\n',
      'test_b.py': 'import shared\n\ndef test_empty():\n    assert shared.items == []\n',
    }
    await expect(reproduce(files)).rejects.toMatchObject({
      code: 'ATL_REPRODUCE_ORDER_DEPENDENT',
      message: expect.stringContaining('test_b.py > test_empty') as string,
    })
    const frozen = await reproduce({ ...files, 'test_c.py': 'def test_fails():\n    assert 1 == 2\n' })
    expect(frozen.failing.map(({ id }) => id)).toEqual(['test_c.py > test_fails'])
    expect(frozen).toMatchObject({ orderDependent: ['test_b.py > test_empty'], flaky: [] })
  })

  it('have tests that need the network', async () => {
    const reaching = `${head}test('reaches', () => require('node:dns/promises').lookup('registry.npmjs.org'))\n`
    await expect(reproduce({ ...manifest, 'test/net.test.js': reaching })).rejects.toMatchObject({
      code: 'ATL_REPRODUCE_NEEDS_NETWORK',
    })
    const frozen = await reproduce({ ...manifest, 'test/net.test.js': reaching, 'test/own.test.js': failing })
    expect(frozen.needNetwork).toEqual(['test/net.test.js > reaches'])
    expect(frozen.failing.map(({ id }) => id)).toEqual(['test/own.test.js > shows it'])
  })

  it('have a file of 50 MB, CRLF, and files that do not parse, and their tests run all the same', async () => {
    const frozen = await reproduce({
      ...manifest,
      'data.bin': new Uint8Array(50 * 2 ** 20).fill(7),
      'broken.js': 'const = \r\n',
      'test/own.test.js': failing.replaceAll('\n', '\r\n'),
    })
    expect(frozen.failing).toMatchObject([{ id: 'test/own.test.js > shows it', line: 3 }])
  })
})
