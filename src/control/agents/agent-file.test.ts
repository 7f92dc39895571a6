import { expect, test } from 'vitest'
import { loadAgents, parseAgent, requireAgent, requireGrant, requireModelAgent } from './index.ts'

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
  ['a tool named twice', valid.replace('[repair.run]', '[repair.run, repair.run]')],
  ['no instructions', valid.replace('Fix it.', '')],
  ['confidence with a model', valid.replace('model: none', 'model: { route: small }\noutput: change')],
  ['an alias bomb', valid.replace('role: Fixes.', 'role: &a Fixes.\nname: *a')],
])('refuses %s', (_what, text) => {
  expect(() => parseAgent(text, 'fixer.md')).toThrow(expect.objectContaining({ code: 'ATL_AGENT_INVALID' }))
})

const played = valid
  .replace('model: none', 'model: { route: small, temperature: 0.2 }')
  .replace('money: 0 }', 'money: 0, steps: 9 }')
  .replace('confidence: 0.5', 'output: change\nbreakers: { identical: 3 }')

test('reads an agent that a model plays, with defaults for what it does not say', () => {
  expect(requireModelAgent(new Map([['fixer', parseAgent(played, 'fixer.md')]]), 'fixer')).toMatchObject({
    model: {
      route: 'small',
      temperature: 0.2,
      maxOutputTokens: 8192,
      contextTokens: 100_000,
    },
    limits: { steps: 9 },
    breakers: { identical: 3, sameTestCalls: 5, sameTestSeconds: 300, oscillation: 6 },
  })
  expect(() => requireModelAgent(new Map([['fixer', parseAgent(valid, 'fixer.md')]]), 'fixer')).toThrow(
    expect.objectContaining({ code: 'ATL_AGENT_WITHOUT_MODEL' }),
  )
})

test.each([
  ['limits.rounds', played.replace('steps: 9', 'steps: 9, rounds: 1'), 'rounds'],
  ['model.speed', played.replace('route: small', 'route: small, speed: 9'), 'speed'],
  ['breakers.off', played.replace('identical: 3', 'off: true'), 'off'],
  ['a missing output', played.replace('output: change\n', ''), 'output'],
  [
    'answers larger than requests',
    played.replace('temperature: 0.2', 'contextTokens: 9000'),
    'maxOutputTokens leaves',
  ],
  ['a model without a route', played.replace('route: small, ', ''), 'model.route'],
])('names the place of %s', (_what, text, place) => {
  expect(() => parseAgent(text, 'fixer.md')).toThrow(
    expect.objectContaining({
      code: 'ATL_AGENT_INVALID',
      message: expect.stringMatching(new RegExp(`fixer.md[^]*${place}`)) as string,
    }),
  )
})

test('reads files that were written on Windows', () => {
  expect(parseAgent(valid.replaceAll('\n', '\r\n'), 'fixer.md')).toMatchObject({ instructions: 'Fix it.' })
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
