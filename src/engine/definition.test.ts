import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { AtelierError, digestOfValue } from '../kernel/index.ts'
import { readDefinition } from './definition.ts'

function refusal(source: unknown): AtelierError {
  try {
    readDefinition(source)
  } catch (error) {
    if (error instanceof AtelierError) return error
    throw error
  }
  throw new Error('the definition was accepted')
}

const step = (id: string, rest: object = {}) => ({ id, kind: 'tool', uses: 'x', ...rest })
const workflow = (steps: readonly object[], rest: object = {}) => ({ name: 'w', version: 1, steps, ...rest })

describe('reading a definition', () => {
  it('accepts the delivery workflow', () => {
    const text = readFileSync(new URL('../../workflows/deliver.yaml', import.meta.url), 'utf8')
    const plan = readDefinition(text)
    expect([...plan.steps.keys()]).toContain('publish')
    expect([...(plan.steps.get('publish')?.ancestors ?? [])]).toContain('intake')
    expect(plan.digest).toBe(digestOfValue(plan.definition))
  })

  it('gives YAML and the same value the same digest', () => {
    const yaml = 'name: w\nversion: 1\nsteps: [{ id: a, kind: tool, uses: x }]'
    expect(readDefinition(yaml).digest).toBe(readDefinition(workflow([step('a')])).digest)
  })

  it('reads its own normalised form', () => {
    const plan = readDefinition(workflow([step('a'), step('b', { needs: ['a'], timeout: '90s' })]))
    expect(readDefinition(plan.definition).digest).toBe(plan.digest)
    expect(plan.steps.get('b')?.timeoutMs).toBe(90_000)
  })
})

describe('what is refused, with the step and the place in the text', () => {
  const cases: readonly (readonly [string, string, string, object])[] = [
    ['unknown needs', 'needs: [zzz]', 'ATL_WORKFLOW_UNKNOWN_NEED', { stepId: 'b', line: 7, column: 13 }],
    ['bad CEL', 'when: "1 +"', 'ATL_WORKFLOW_BAD_EXPRESSION', { stepId: 'b', line: 7, column: 11 }],
    ['unknown variables', 'when: foo', 'ATL_WORKFLOW_BAD_EXPRESSION', { stepId: 'b', line: 7 }],
    ['type errors', `when: '"a" + 1 == "b"'`, 'ATL_WORKFLOW_BAD_EXPRESSION', { stepId: 'b', line: 7 }],
    ['items outside a fan-out', 'with: { x: =item }', 'ATL_WORKFLOW_BAD_EXPRESSION', { stepId: 'b' }],
    [
      'steps that are no ancestors',
      'with: { x: [1, "=steps.a.output"] }',
      'ATL_WORKFLOW_NOT_AN_ANCESTOR',
      { stepId: 'b', line: 7, column: 20 },
    ],
    ['undeclared inputs', 'when: inputs.nope', 'ATL_WORKFLOW_UNKNOWN_INPUT', { stepId: 'b' }],
    ['durations without unit', 'timeout: 90', 'ATL_WORKFLOW_INVALID', { stepId: 'b', line: 7, column: 14 }],
    ['endless durations', 'timeout: 900d', 'ATL_WORKFLOW_BAD_DURATION', { stepId: 'b', line: 7, column: 14 }],
    ['unreadable durations', 'timeout: soon', 'ATL_WORKFLOW_BAD_DURATION', { stepId: 'b', line: 7 }],
    ['unknown members', 'shell: rm', 'ATL_WORKFLOW_INVALID', { stepId: 'b' }],
    ['zero durations', 'timeout: 0s', 'ATL_WORKFLOW_BAD_DURATION', { stepId: 'b' }],
  ]
  it.each(cases)('%s', (_name, line, code, details) => {
    const text = `name: w\nversion: 1\nsteps:\n  - { id: a, kind: tool, uses: x }\n  - id: b\n    kind: tool\n    ${line}\n    uses: x\n`
    const error = refusal(text)
    expect(error.code).toBe(code)
    expect(error.details).toMatchObject(details)
  })

  it('duplicate steps', () => {
    const error = refusal(workflow([step('a'), step('a')]))
    expect(error).toMatchObject({ code: 'ATL_WORKFLOW_DUPLICATE_STEP', details: { stepId: 'a' } })
  })

  it('circles, and says which', () => {
    const steps = [step('x', { needs: ['c'] }), step('a', { needs: ['c'] }), step('b', { needs: ['a'] })]
    const error = refusal(workflow([...steps, step('c', { needs: ['b'] })]))
    expect(error.code).toBe('ATL_WORKFLOW_CYCLE')
    expect(error.message).toContain('c → b → a → c')
  })

  it('a step that needs itself', () => {
    expect(refusal(workflow([step('a', { needs: ['a'] })])).code).toBe('ATL_WORKFLOW_CYCLE')
  })

  it('compensation of what cannot be compensated', () => {
    const undo = { compensate: { uses: 'undo' } }
    expect(refusal(workflow([{ ...step('a', undo), kind: 'approval' }])).code).toBe(
      'ATL_WORKFLOW_COMPENSATION',
    )
  })

  it('lists all problems, not only the first', () => {
    const { details } = refusal(workflow([step('a', { when: 'foo' }), step('b', { timeout: '0s' })]))
    expect(details['problems']).toHaveLength(2)
  })

  it('is not confused by things that are no definitions', () => {
    for (const source of ['', 'null', '[]', '42', null, undefined, [], () => 1])
      expect(refusal(source).code).toMatch(/^ATL_WORKFLOW_/)
  })
})

describe('hostile YAML', () => {
  /** Milliseconds of processor time: a busy machine proves nothing. */
  const began = (): (() => number) => {
    const start = process.cpuUsage()
    return () => {
      const { user, system } = process.cpuUsage(start)
      return (user + system) / 1000
    }
  }

  it('an alias bomb', () => {
    const lines = ['a0: &a0 [x,x,x,x,x,x,x,x,x,x]']
    for (let i = 1; i < 12; i += 1) lines.push(`a${i}: &a${i} [${`*a${i - 1},`.repeat(10)}]`)
    expect(refusal(lines.join('\n')).code).toBe('ATL_WORKFLOW_NOT_YAML')
  })

  it('10 MB', () => {
    const elapsed = began()
    expect(refusal(`name: ${'x'.repeat(10_000_000)}`).code).toBe('ATL_WORKFLOW_TOO_LARGE')
    expect(elapsed()).toBeLessThan(500)
  })

  it('endless nesting', () => {
    const elapsed = began()
    for (const text of [
      '['.repeat(500_000),
      '{a: '.repeat(200_000),
      `${'- '.repeat(200_000)}x`,
      '? '.repeat(200_000),
    ])
      expect(refusal(text).code).toBe('ATL_WORKFLOW_NOT_YAML')
    const steps = Array.from({ length: 900 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n')
    expect(refusal(steps).code).toMatch(/^ATL_WORKFLOW_/)
    expect(elapsed()).toBeLessThan(3000)
  })

  it('more keys than anybody needs', () => {
    const elapsed = began()
    const text = Array.from({ length: 90_000 }, (_, index) => `k${index}: 1`).join('\n')
    expect(refusal(text).code).toBe('ATL_WORKFLOW_TOO_LARGE')
    expect(elapsed()).toBeLessThan(2000)
  })

  it('duplicate keys, tags, and several documents', () => {
    expect(refusal('name: a\nname: b').code).toBe('ATL_WORKFLOW_NOT_YAML')
    expect(refusal('name: !!js/function "x"').code).toBe('ATL_WORKFLOW_NOT_YAML')
    expect(refusal('name: a\n---\nname: b').code).toBe('ATL_WORKFLOW_NOT_YAML')
  })

  it('keys that would reach prototypes', () => {
    expect(refusal('__proto__: { name: w }\nversion: 1\nsteps: []').code).toBe('ATL_WORKFLOW_INVALID')
    expect(({} as { name?: string }).name).toBeUndefined()
  })
})
