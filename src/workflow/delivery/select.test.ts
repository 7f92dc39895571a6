import { afterAll, beforeAll, expect, test } from 'vitest'
import type { TestReport } from '../../contracts/index.ts'
import { executeTool, reproduceTool } from '../../execution/tools/index.ts'
import { ScratchWorkbench } from '../../testing/index.ts'
import { selectTool } from './index.ts'

const priceTest = `import assert from 'node:assert/strict'
import { test } from 'node:test'
import { price } from '../src/price.js'

test('doubles', () => assert.equal(price(2), 4))
test('keeps nothing', () => assert.equal(price(0), 0))
`
const intent = {
  kind: 'bug' as const,
  goal: 'price(2) should be 4',
  acceptanceCriteria: [],
  files: [],
  symbols: ['price'],
  stackFrames: [],
  examples: [],
  tests: [],
  snippets: [],
  commands: [],
}

let workbench: ScratchWorkbench

beforeAll(async () => {
  workbench = await ScratchWorkbench.open()
})
afterAll(() => workbench[Symbol.asyncDispose]())

test('candidates of anybody are verified alike, and chosen by evidence, then by minimality', async () => {
  const { places } = workbench
  const location = workbench.repository({
    'package.json': JSON.stringify({ name: 'till', type: 'module', scripts: { test: 'node --test' } }),
    'src/price.js': 'export const price = (amount) => amount * 3\n',
    'test/price.test.js': priceTest,
  })
  const { workspace, context } = await workbench.prepare(location, { kind: 'repair' })
  const baseline: TestReport = await executeTool(places).perform({ workspace }, context)
  const parsed = reproduceTool(places).input.parse({ workspace, intent, baseline })
  const reproduction = await reproduceTool(places).perform(parsed, context)
  const repository = await places.repositories.open({ tenantId: context.tenantId, location })
  const treeOf = (files: Readonly<Record<string, string>>) =>
    repository.applyFileChanges(
      workspace.base.tree,
      Object.entries(files).map(([path, content]) => ({ kind: 'write', path, content })),
    )
  const small = await treeOf({ 'src/price.js': '// Twice.\nexport const price = (amount) => amount * 2\n' })
  const tool = selectTool(places)
  const candidate = (id: string, tree: string, opinion?: number) => ({
    id,
    tree,
    by: `agent:${id}`,
    explanation: id,
    ...(opinion === undefined ? {} : { opinion }),
  })
  const input = tool.input.parse({
    workspace,
    baseline,
    reproduction,
    candidates: [
      // Says itself that it is the best.
      candidate('weakens-tests', await treeOf({ 'test/price.test.js': priceTest.replace('4', '6') }), 1),
      candidate('breaks-others', await treeOf({ 'src/price.js': 'export const price = () => 4\n' }), 1),
      candidate(
        'long-winded',
        await treeOf({
          'src/price.js':
            'export const price = (amount) => {\n  const factor = 2\n  return amount * factor\n}\n',
        }),
        1,
      ),
      candidate('small', small, 0),
      candidate('same', small),
      candidate('nothing', workspace.base.tree, 1),
      candidate('unknown', '0'.repeat(40), 1),
      candidate(
        'own-test-fails',
        await treeOf({
          'src/price.js': 'export const price = (amount) => amount * 2\n',
          'test/more.test.js':
            "import { test } from 'node:test'\ntest('more', () => { throw new Error('no') })\n",
        }),
        1,
      ),
    ],
  })
  const result = tool.output.parse(await tool.perform(input, context))
  // Of two equal trees, the one that a model thinks better.
  expect(result).toMatchObject({
    chosen: { id: 'same', proposal: { tree: small }, verdict: { outcome: 'accepted' } },
    ground: 'opinion',
  })
  const accepted = result.candidates.filter(({ outcome }) => outcome === 'accepted').map(({ id }) => id)
  expect(accepted).toEqual(['same', 'small', 'long-winded'])
  const reasons = Object.fromEntries(result.candidates.map(({ id, reasons }) => [id, reasons.join('; ')]))
  expect(reasons['weakens-tests']).toContain('of the reproduction still fails')
  expect(reasons['breaks-others']).toContain('passed before')
  expect(reasons['nothing']).toBe('it changes nothing')
  expect(reasons['unknown']).toContain('ATL_REPOSITORY')
  expect(reasons['own-test-fails']).toContain('tests that the change brings along')

  const without = tool.input.parse({
    ...input,
    candidates: input.candidates.filter(({ id }) => id !== 'same'),
  })
  const again = await tool.perform(without, context)
  expect(again).toMatchObject({ chosen: { id: 'small' }, ground: 'minimality' })
  const twice = tool.input.safeParse({ ...input, candidates: [input.candidates[0], input.candidates[0]] })
  expect(twice.success).toBe(false)
})
