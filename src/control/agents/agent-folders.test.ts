import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { loadAgents } from './agent-folders.ts'
import { requireModelAgent } from './agent-file.ts'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'agents-'))
})
afterEach(() => rmSync(root, { recursive: true }))

function write(changes: Record<string, string> = {}, text = 'Keep to our style.'): string {
  const lines = {
    name: 'developer',
    version: '3',
    role: 'Develops.',
    model: '{ route: ours }',
    tools: '[files.read, files.edit]',
    limits: '{ seconds: 100, toolCalls: 10, tokens: 1000, money: 0, steps: 5 }',
    output: 'change',
    ...changes,
  }
  const frontMatter = Object.entries(lines).map(([name, value]) => `${name}: ${value}`)
  writeFileSync(join(root, `${lines.name}.md`), `---\n${frontMatter.join('\n')}\n---\n${text}\n`)
  return root
}

test('a project narrows a shipped agent: fewer tools, lower limits, its own model, more instructions', async () => {
  const shipped = requireModelAgent(await loadAgents('agents'), 'developer')
  const agent = requireModelAgent(await loadAgents('agents', write()), 'developer')
  expect(agent).toMatchObject({
    version: 3,
    tools: ['files.read', 'files.edit'],
    model: { route: 'ours' },
    limits: { steps: 5 },
    instructions: `${shipped.instructions}\n\n## Rules of this project\n\nKeep to our style.`,
  })
  expect(agent.digest).not.toBe(shipped.digest)
})

test.each([
  ['a tool', { tools: '[files.read, repository.publish]' }, 'no grant for repository.publish'],
  [
    'a limit',
    { limits: '{ seconds: 100, toolCalls: 10, tokens: 1000, money: 999999999, steps: 5 }' },
    'limits.money',
  ],
  ['another result', { output: 'review' }, 'output'],
  ['a looser breaker', { breakers: '{ sameTestCalls: 50 }' }, 'breakers.sameTestCalls'],
])('a project cannot widen a shipped agent by %s', async (_what, changes, message) => {
  const loading = loadAgents('agents', write(changes))
  await expect(loading).rejects.toMatchObject({
    code: 'ATL_AGENT_WIDENED',
    message: expect.stringContaining(message) as string,
  })
})

test('a project cannot lower the confidence of an agent without a model, nor give it one', async () => {
  const file = (lines: string) => {
    writeFileSync(
      join(root, 'zero-token-engineer.md'),
      `---\nname: zero-token-engineer\nversion: 1\nrole: R\ntools: [repair.run]\n${lines}\n---\nHints.\n`,
    )
    return loadAgents('agents', root)
  }
  const limits = 'limits: { seconds: 10, toolCalls: 1, tokens: 0, money: 0 }'
  await expect(file(`model: none\n${limits}\nconfidence: 0.1`)).rejects.toMatchObject({
    code: 'ATL_AGENT_WIDENED',
  })
  await expect(file(`model: none\n${limits}\nconfidence: 0.9`)).resolves.toBeDefined()
})

test('a project adds agents with the tools that may be granted there, and no others', async () => {
  const directory = write({ name: 'gardener' })
  const added = await loadAgents('agents', { directory, grantable: ['files.read', 'files.edit'] })
  expect(requireModelAgent(added, 'gardener').tools).toEqual(['files.read', 'files.edit'])
  await expect(loadAgents('agents', { directory, grantable: ['files.read'] })).rejects.toMatchObject({
    code: 'ATL_AGENT_WIDENED',
  })
})

test('a project without agents is well; a studio without them is not', async () => {
  expect((await loadAgents('agents', join(root, 'none'))).size).toBeGreaterThan(5)
  await expect(loadAgents(join(root, 'none'))).rejects.toThrow('ENOENT')
})
