import { describe, expect, it } from 'vitest'
import { parseExpression, parseTemplate } from './expressions.ts'

const scope = {
  inputs: { count: 3, name: 'x', list: [1, 2, 3] },
  steps: { 'my-step': { status: 'succeeded' as const, output: { ok: true, size: 2.5 }, error: null } },
  item: { id: 7 },
  index: 1,
}
const value = (source: string, place: 'run' | 'item' = 'run') =>
  parseExpression(source, place).evaluate(scope)

describe('expressions', () => {
  it('compare and add the numbers of JSON with the integers of CEL', () => {
    expect(value('inputs.count + 1')).toBe(4)
    expect(value('1 + inputs.count * 2')).toBe(7)
    expect(value('inputs.count == 3 && inputs.count > 2')).toBe(true)
    expect(value('steps["my-step"].output.size - 1')).toBe(1.5)
  })

  it('answer JSON', () => {
    expect(value('{"a": [1, 2.5, "x", null, true], "b": inputs}')).toEqual({
      a: [1, 2.5, 'x', null, true],
      b: scope.inputs,
    })
    expect(value('size(inputs.list)')).toBe(3)
    expect(value('inputs.list.map(x, x * 2.0)')).toEqual([2, 4, 6])
  })

  it('refuse what JSON cannot hold', () => {
    for (const source of ['b"abc"', '1.0 / 0.0', 'duration("1h")', '9007199254740993'])
      expect(() => value(source), source).toThrow()
  })

  it('see item and index only inside a fan-out', () => {
    expect(value('item.id + index', 'item')).toBe(8)
    expect(() => parseExpression('item.id', 'run')).toThrow(/item/)
  })

  it('know which steps and inputs they read', () => {
    const { steps, inputs } = parseExpression('steps.a.output == steps["b-c"].status && inputs.z > 1', 'run')
    expect(steps).toEqual(new Set(['a', 'b-c']))
    expect(inputs).toEqual(new Set(['z']))
    expect(parseExpression('size(steps) > 1', 'run').steps).toBeNull()
    expect(parseExpression('steps[inputs.a].status == "x"', 'run').steps).toBeNull()
  })

  it('do not reach into JavaScript', () => {
    for (const source of [
      'inputs.constructor',
      'inputs.__proto__',
      'inputs.list.length',
      'inputs.name.toString',
    ])
      expect(() => value(source), source).toThrow()
  })

  it('are bounded in size and depth', () => {
    expect(() => parseExpression('('.repeat(5000) + '1' + ')'.repeat(5000), 'run')).toThrow()
    expect(() => parseExpression(Array.from({ length: 5000 }, () => '1').join('+'), 'run')).toThrow()
  })
})

describe('templates', () => {
  it('replace texts that start with an equals sign, at any depth', () => {
    const template = parseTemplate(
      { a: ['=inputs.count', { b: '=steps["my-step"].output' }], c: '"=x"', d: 1 },
      (s) => parseExpression(s, 'run'),
    )
    expect(template(scope)).toEqual({ a: [3, { b: { ok: true, size: 2.5 } }], c: '"=x"', d: 1 })
  })
})
