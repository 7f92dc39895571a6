import { expect, test } from 'vitest'
import { loadAgents, parseAgent, requireAgent, requireGrant } from './index.ts'

const valid = `---
name: fixer
version: 2
role: Fixes.
model: none
tools: [repair.run]
limits: { seconds: 10, toolCalls: 1, tokens: 0, money: 0 }
confidence: 0.5
---

Fix it.
`

test('reads an agent file and identifies it by the digest of its text', () => {
  const agent = parseAgent(valid, 'fixer.md')
  expect(agent).toMatchObject({ name: 'fixer', version: 2, instructions: 'Fix it.' })
  expect(parseAgent(valid.replace('Fix it.', 'Fix it well.'), 'fixer.md').digest).not.toBe(agent.digest)
})

test.each([
  ['no front matter', 'Fix it.'],
  ['broken YAML', '---\nname: [\n---\n'],
  ['an unknown field', valid.replace('version: 2', 'version: 2\nsudo: true')],
  ['no tools', valid.replace('[repair.run]', '[]')],
])('refuses %s', (_what, text) => {
  expect(() => parseAgent(text, 'fixer.md')).toThrow(expect.objectContaining({ code: 'ATL_AGENT_INVALID' }))
})

test('the shipped agents are valid, and grants are exact', async () => {
  const agents = await loadAgents('agents')
  const engineer = requireAgent(agents, 'zero-token-engineer')
  requireGrant(engineer, 'repair.run')
  expect(() => requireGrant(engineer, 'repository.publish')).toThrow(
    expect.objectContaining({ code: 'ATL_AGENT_TOOL_NOT_GRANTED' }),
  )
  expect(() => requireAgent(agents, 'nobody')).toThrow(expect.objectContaining({ code: 'ATL_AGENT_UNKNOWN' }))
})
