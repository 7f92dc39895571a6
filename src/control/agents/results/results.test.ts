import { expect, test } from 'vitest'
import { validResults } from './scratch-results.ts'
import { expectedResult } from './typed-result.ts'

function step(id: string) {
  return { id, title: id, why: 'why', places: [], needs: [] as string[] }
}
const finding = { rule: 'r', severity: 'high', message: 'm', file: 'f', evidence: 'e' }
function ranked(severity: string) {
  return { rule: 'r', severity, message: 'm', sources: ['s'] }
}

const facts = { changed: true, failing: [] as string[] }
const check = (name: string, changes: object, seen = facts) =>
  expectedResult({ name: 'agent', output: name }).check({ ...validResults[name], ...changes }, seen)

test.each([
  ['change', { status: 'done' }, { ...facts, changed: false }, 'no file was changed'],
  ['change', { status: 'no-change-needed' }, facts, 'files were changed'],
  ['change', { status: 'done' }, { ...facts, failing: ['t1'] }, 'in the last run failed: t1'],
  ['plan', { steps: [{ ...step('b'), needs: ['a'] }, step('a')] }, facts, 'b needs a'],
  ['plan', { steps: [step('a'), step('a')] }, facts, 'twice'],
  ['tests', { tests: [] }, facts, 'no new test'],
  ['tests', { status: 'none-needed' }, facts, 'files were changed'],
  ['review', { findings: [{ ...finding, file: undefined }] }, facts, 'names no file'],
  [
    'triage',
    { actions: [{ what: 'Drop it.', reversible: false, needsApproval: false }] },
    facts,
    'needs an approval',
  ],
  ['consolidation', { recommendation: 'approve' }, facts, 'high or critical'],
  ['consolidation', { findings: [ranked('low'), ranked('high')] }, facts, 'most severe first'],
])('a %s that contradicts itself or what was seen is refused', (name, changes, seen, problem) => {
  const checked = check(name, JSON.parse(JSON.stringify(changes)) as object, seen)
  expect(checked).toMatchObject({ ok: false, problem: expect.stringContaining(problem) as string })
})

test('an agent file may bring its own JSON Schema', () => {
  const output = {
    type: 'object',
    properties: { verdict: { type: 'string', enum: ['yes', 'no'] } },
    required: ['verdict'],
    additionalProperties: false,
  }
  const result = expectedResult({ name: 'own', output })
  expect(result.schema).toEqual(output)
  expect(result.check({ verdict: 'yes' }, facts)).toEqual({ ok: true, value: { verdict: 'yes' } })
  expect(result.check({ verdict: 'perhaps' }, facts).ok).toBe(false)
  expect(result.check({ verdict: 'no', more: 1 }, facts).ok).toBe(false)
})

test.each([
  ['an unknown name', 'novel', 'ATL_AGENT_OUTPUT_UNKNOWN'],
  ['a schema of something else', { type: 'string' }, 'ATL_AGENT_INVALID'],
  ['no schema', { type: 'object', properties: { a: { type: 'sausage' } } }, 'ATL_AGENT_INVALID'],
])('%s is refused', (_what, output, code) => {
  expect(() => expectedResult({ name: 'own', output })).toThrow(expect.objectContaining({ code }))
})
