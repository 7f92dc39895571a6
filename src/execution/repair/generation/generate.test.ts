import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import { parse } from '@babel/parser'
import { describe, expect, it } from 'vitest'

import { gatherVocabulary } from '../evidence/index.ts'
import { localise } from '../localisation/index.ts'
import type { RepairProblem } from '../model.ts'
import { buildTree } from '../syntax/index.ts'
import { generate } from './generate.ts'

/** This project's own files are as good a sample of real code as any. */
const files = ['localisation/spectrum.ts', 'evidence/failure-values.ts']

const test = {
  path: 'code.test.js',
  text: `it('x', () => { expect(f({ strictDepth: true, list: ['.a-b', '#'] })).toBe(12) })`,
}

function problemOf(path: string, text: string): RepairProblem {
  return {
    sources: [{ path, text }],
    tests: [test],
    reproduction: {
      failing: [{ id: 'x', name: 'x', file: test.path, outcome: 'failed', message: 'did not throw' }],
      passing: [],
      failingFiles: [test.path],
      testFiles: [test.path],
    },
  }
}

async function candidatesOf(path: string, text: string, most?: number) {
  const problem = problemOf(path, text)
  const vocabulary = gatherVocabulary(problem)
  const options = most === undefined ? {} : { most }
  const pool = await generate(localise(problem, vocabulary), vocabulary, options)
  return { pool, candidates: pool.take(1_000_000) }
}

describe('generate', () => {
  it.each(files)('yields only edits of %s that parse', { timeout: 240_000 }, async (file) => {
    const text = readFileSync(join(import.meta.dirname, '..', file), 'utf8')
    const { pool, candidates } = await candidatesOf(`src/${file}`, text)
    expect(candidates.length).toBeGreaterThan(1_000)
    // Templates know the syntax; the parser at the end only catches what slips through.
    expect(candidates.length).toBeGreaterThan(pool.size * 0.97)
    for (const candidate of candidates.filter((_, index) => index % 29 === 0)) {
      const [edit] = candidate.edits
      const edited = text.slice(0, edit!.start) + edit!.replacement + text.slice(edit!.end)
      const parsed = () => parse(edited, { sourceType: 'module', plugins: ['typescript'] })
      expect(parsed, `${candidate.template}: ${candidate.description}`).not.toThrow()
    }
  })

  it('reads only names that are visible where they are read', async () => {
    const text = [
      `const shared = 1`,
      `function first(alpha) { const local = alpha + shared; return local }`,
      `function second(beta) { for (const item of beta) { if (item.ready) { use(item) } } return beta }`,
    ].join('\n')
    const { candidates } = await candidatesOf('lib/code.js', text)
    expect(candidates.length).toBeGreaterThan(100)
    for (const candidate of candidates) {
      const [edit] = candidate.edits
      const edited = text.slice(0, edit!.start) + edit!.replacement + text.slice(edit!.end)
      expect(unresolved(edited), `${candidate.template}: ${edited}`).toEqual([])
    }
  })

  it('makes no edit twice and numbers them in the order of their priors', async () => {
    const text = `function f(a, b) { if (a && b) { return a.x } return b.x }`
    const { candidates } = await candidatesOf('lib/code.js', text)
    const results = candidates.map(
      ({ edits: [edit] }) => text.slice(0, edit!.start) + edit!.replacement + text.slice(edit!.end),
    )
    expect(new Set(results).size).toBe(results.length)
    expect(candidates.map(({ id }) => id)).toEqual(candidates.map((_, index) => index + 1))
    const priors = candidates.map(({ prior }) => prior)
    expect(priors).toEqual([...priors].sort((left, right) => right - left))
  })

  it(
    'gives the same candidates for the same input, and the best ones where it is bounded',
    { timeout: 240_000 },
    async () => {
      const text = readFileSync(join(import.meta.dirname, 'visibility.ts'), 'utf8')
      const { candidates } = await candidatesOf('lib/visibility.ts', text)
      const again = await candidatesOf('lib/visibility.ts', text)
      expect(again.candidates).toEqual(candidates)
      const bounded = await candidatesOf('lib/visibility.ts', text, 200)
      expect(bounded.candidates.map(({ prior }) => prior)).toEqual(
        candidates.slice(0, 200).map(({ prior }) => prior),
      )
    },
  )

  it('survives source that has syntax errors', async () => {
    const { candidates } = await candidatesOf('lib/broken.js', `function f(a) { if (a > ) { return a.x } }`)
    expect(candidates.length).toBeGreaterThanOrEqual(0)
  })
})

const globals = new Set([
  'use',
  'undefined',
  'Object',
  'Array',
  'String',
  'Number',
  'Infinity',
  'TypeError',
  'Error',
  'parseInt',
  'Buffer',
  'Math',
])

/** Names read in a text that it neither declares visibly nor are global. */
function unresolved(text: string): readonly string[] {
  const tree = buildTree({ path: 'lib/code.js', text })
  return (tree?.sites ?? []).flatMap(({ node, scope, key, parent, start }) => {
    if (
      node.type !== 'Identifier' ||
      key === 'property' ||
      key === 'key' ||
      parent?.node.type === 'LabeledStatement'
    )
      return []
    const visible = scope.visibleAt(start).some((binding) => binding.name === node.name)
    const declared = key === 'id' || key === 'params' || key === 'param'
    return visible || declared || globals.has(node.name) ? [] : [node.name]
  })
}
