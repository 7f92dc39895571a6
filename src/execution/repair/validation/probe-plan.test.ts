import vm from 'node:vm'

import { describe, expect, it } from 'vitest'

import { insertAll } from './insertion.ts'
import { outlineOf } from './outline.ts'
import { probeName, probePlan } from './probe-plan.ts'

function planOf(text: string): { readonly text: string; readonly slots: readonly number[] } {
  const outline = outlineOf('test/a.js', text)
  if (outline === null) throw new Error('the text does not parse')
  const { insertions, slots } = probePlan(outline)
  return { text: insertAll(text, insertions), slots }
}

/** Runs a text with one input exchanged and gives what was seen. */
function run(
  text: string,
  slot = -1,
  alternative = 0,
): { seen: unknown[]; used: number[]; caught: string[] } {
  const seen: unknown[] = []
  const used: number[] = []
  const caught: string[] = []
  const probe = {
    picked: 0,
    input(asked: number): number {
      used.push(asked)
      probe.picked = asked === slot ? alternative : 0
      return probe.picked
    },
    see(value: unknown): unknown {
      seen.push(value)
      return value
    },
    caught(error: unknown): void {
      caught.push(error instanceof Error ? error.message : String(error))
    },
  }
  vm.runInNewContext(planOf(text).text, {
    [probeName]: probe,
    double: (value: number) => value * 2,
    describe: (_: string, body: () => void) => body(),
    it: (_: string, body: () => void) => body(),
    assert: {
      equal(actual: unknown, expected: unknown) {
        if (actual !== expected) throw new Error(`${String(actual)} is not ${String(expected)}`)
      },
    },
    expect: (actual: unknown) => ({
      toBe(expected: unknown) {
        if (actual !== expected) throw new Error(`${String(actual)} is not ${String(expected)}`)
      },
    }),
  })
  return { seen, used, caught }
}

describe('the plan of a test file', () => {
  it('exchanges inputs, and leaves titles, modules and expected values alone', () => {
    const plan = planOf(`
      const lib = require('./lib')
      describe('numbers', () => {
        it('doubles', () => {
          assert.equal(lib.double(21), 42, 'the answer')
          expect(lib.double(4)).toBe(8)
          const options = { deep: true }
          lib.configure(options)
        })
      })`)
    expect(plan.text).toContain(`lib = require('./lib')`)
    expect(plan.text).not.toMatch(/input\(\d+\)===0\?\('(?:\.\/lib|numbers|doubles|the answer)'/)
    expect(plan.text).not.toMatch(/===0\?\((?:42|8)\)/)
    // 21, 4, the options and their one member
    expect(plan.slots).toHaveLength(4)
  })

  it('means what the file means as long as nothing is exchanged', () => {
    const text = `it('doubles', () => { const n = 3; assert.equal(double(n), 6); expect(double(2)).toBe(4) })`
    const { seen, used, caught } = run(text)
    expect(seen).toEqual([6, 4])
    expect(used).toEqual([0, 1])
    expect(caught).toEqual([])
  })

  it('goes on after an assertion that no longer holds', () => {
    const text = `it('doubles', () => { assert.equal(double(3), 6); assert.equal(double(5), 10) })`
    const { seen, caught } = run(text, 0, 1)
    expect(seen).toEqual([8, 10])
    expect(caught).toEqual(['8 is not 6'])
  })

  it.each([
    'for (const x of [1, 2]) assert.equal(x, x)',
    'const { a = 1, ...rest } = { b: 2 }; assert.equal(a, 1)',
    'const f = async () => { const v = await double(2); return v }; f()',
    'label: for (let i = 0; i < 2; i++) { if (i === 1) break label; double(i) }',
    'const o = { m() { return double(1) }, get g() { return 2 } }; assert.equal(o.m() + o.g, 4)',
    'class A { x = 1; static y = double(2) }\nassert.equal(new A().x, 1)',
    'const t = `a${double(2)}b`; assert.equal(t, "a4b")',
    "'use strict'\nassert.equal(typeof double, 'function')",
    'let x\nx = double(2)\n;[x] = [1]\nassert.equal(x, 1)',
    'if (double(1) === 2) assert.equal(delete {}.x, true); else throw new Error("no")',
    'switch (double(1)) { case 2: assert.equal(1, 1); break; default: throw new Error("no") }',
  ])('leaves a program that runs: %s', (text) => {
    expect(run(`it('runs', () => { ${text}\n })`).caught).toEqual([])
    expect(run(text).caught).toEqual([])
  })
})
