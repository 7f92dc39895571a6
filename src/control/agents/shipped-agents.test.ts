import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { playedBy, promptVersion, requireModelAgent } from './agent-file.ts'
import { loadAgents } from './agent-folders.ts'
import { promptProblems } from './prompt-check.ts'
import { renderPrompt } from './prompt.ts'
import { expectedResult } from './results/index.ts'
import { validResults } from './results/scratch-results.ts'

const root = join(import.meta.dirname, '..', '..', '..')
const agents = await loadAgents(join(root, 'agents'))
const names = [...agents.values()].filter((agent) => playedBy(agent) === 'model').map(({ name }) => name)

/** Every version of every shipped agent that was ever released, with its digest. Lines are added, never changed. */
const released = z
  .record(z.string(), z.record(z.string(), z.string()))
  .parse(JSON.parse(readFileSync(join(root, 'agents', 'released.json'), 'utf8')))

test('planner, developer, reviewers and the others are shipped', () => {
  expect(names).toEqual([
    'architecture-reviewer',
    'consolidator',
    'data-engineer',
    'developer',
    'operations',
    'planner',
    'security-reviewer',
    'test-engineer',
  ])
})

test.each([...agents.values()])(
  '$name of version $version is the one that was released',
  ({ name, version, digest }) => {
    // A changed prompt is another version: raise `version` in its file and add a line to agents/released.json.
    expect(released[name]?.[version]).toBe(digest)
  },
)

describe.each(names)('%s', (name) => {
  const agent = requireModelAgent(agents, name)

  test('has a sound prompt', () => {
    expect(promptProblems(agent)).toEqual([])
    expect(promptVersion(agent)).toMatch(new RegExp(`^${name}@\\d+ sha256:[0-9a-f]{64}$`))
  })

  test('renders to the same text whenever it is asked', () => {
    expect(renderPrompt(agent)).toBe(renderPrompt({ ...agent, tools: [...agent.tools] }))
    expect(renderPrompt(agent)).toContain(agent.instructions)
  })

  test('answers with a result that is checked', () => {
    const result = expectedResult(agent)
    expect(result.schema).toMatchObject({ type: 'object', additionalProperties: false })
    const valid = validResults[agent.output as string]!
    const facts = { changed: true, failing: [] }
    expect(result.check(valid, facts)).toEqual({ ok: true, value: valid })
    expect(result.check({ ...valid, more: 1 }, facts).ok).toBe(false)
    expect(result.check({}, facts).ok).toBe(false)
    expect(result.check('done', facts).ok).toBe(false)
  })

  test('only who is to change something can', () => {
    const changes = agent.tools.filter((tool) =>
      /^(?:files\.(?:edit|create|patch|delete|move)|shell\.run)$/.test(tool),
    )
    expect(changes.length > 0).toBe(['developer', 'test-engineer', 'data-engineer'].includes(name))
  })
})

test('a prompt that is wrong is found out', () => {
  const agent = requireModelAgent(agents, 'developer')
  const wrong = {
    ...agent,
    tools: ['files.read'],
    instructions: `As an AI you use shell_run on {{file}}. ${'Be careful. '.repeat(800)}`,
  }
  expect(promptProblems(wrong)).toEqual([
    expect.stringContaining('tokens'),
    'it has no sections on how to work and what must hold',
    'it says "As an AI"',
    'it names shell_run, which the agent does not have',
    'something in it was to be filled in',
  ])
})
