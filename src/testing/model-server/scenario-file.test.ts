import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readScenario, shippedScenarios } from './scenario-file.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'atelier-scenario-'))
})
afterAll(() => rm(folder, { recursive: true }))

async function problemWith(text: string): Promise<string> {
  const file = path.join(folder, 'scenario.yaml')
  await writeFile(file, text)
  const problem: unknown = await readScenario(file).catch((error: unknown) => error)
  expect(problem).toMatchObject({ code: 'ATL_MODEL_SERVER_SCENARIO_INVALID' })
  return String(problem).replaceAll(folder, '')
}

describe('a scenario file that is wrong is refused with the place:', () => {
  it.each([
    ['name: a\nsteps:\n  - answer: [\n', '/scenario.yaml:4:1'],
    ['name: a\nsteps: []\n', '/scenario.yaml:2:8: steps'],
    ['name: a\nsteps:\n  - answer: x\n    wen: {}\n', '/scenario.yaml:3:5: steps.0: Unrecognized key: "wen"'],
    [
      'name: a\nsteps:\n  - when: { last: "(" }\n',
      '/scenario.yaml:3:19: steps.0.when.last: Invalid regular expression',
    ],
    ['name: a\nsteps:\n  - misbehave: { fault: 999 }\n', '/scenario.yaml:3:25: steps.0.misbehave.fault'],
    [
      'name: a\nsteps:\n  - answer: hello {{who}}\n',
      '/scenario.yaml:3:13: steps.0.answer: {{who}} is captured nowhere',
    ],
    ['name: a\nsteps:\n  - pace: fast\n', 'must be a duration such as 50ms'],
    ['name: A b\nsteps: [{}]\n', '/scenario.yaml:1:7: name: must be lower-case'],
  ])('%j', async (text, expected) => {
    expect(await problemWith(text)).toContain(expected)
  })
})

it('says which scenarios there are when one is not found', async () => {
  await expect(readScenario('nowhere')).rejects.toMatchObject({
    code: 'ATL_MODEL_SERVER_SCENARIO_UNREADABLE',
    message: expect.stringContaining('fixes-appointments') as string,
  })
})

it.each(shippedScenarios())('ships %s, which is valid', async (name) => {
  const { name: own, description } = await readScenario(name)
  expect(own).toBe(name)
  expect(description).toBeTruthy()
})
