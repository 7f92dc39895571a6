import { readdirSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, it } from 'vitest'

import { gatherVocabulary } from '../evidence/index.ts'
import { localise } from '../localisation/index.ts'
import type { RepairProblem } from '../model.ts'
import { generate } from './generate.ts'
import { templates } from './registry.ts'

interface Sample {
  /** What the real fix looked like, in short. */
  readonly about: string
  readonly template: string
  readonly before: string
  readonly after: string
  /** Source of the failing test. */
  readonly test?: string
  readonly message?: string
  readonly path?: string
}

const samples: readonly Sample[] = [
  {
    about: 'a missing argument',
    template: 'argument/append',
    before: `function valid(v, options) { return v + options }\nfunction main(list, options) { return valid(list) }`,
    after: `function valid(v, options) { return v + options }\nfunction main(list, options) { return valid(list, options) }`,
  },
  {
    about: 'an option that must not reach the callee',
    template: 'argument/override-option',
    before: `const run = (glob, options) => parse(glob, options)\nfunction parse(g, opts) { return opts.fast ? g : [g] }`,
    after: `const run = (glob, options) => parse(glob, { ...options, fast: false })\nfunction parse(g, opts) { return opts.fast ? g : [g] }`,
  },
  {
    about: 'a property that is set elsewhere',
    template: 'assignment/set-property',
    before: `function wrap(result, where) {\n  if (result instanceof Error) {\n    return result\n  }\n  const error = new Error()\n  error.context = where\n  return error\n}`,
    after: `function wrap(result, where) {\n  if (result instanceof Error) {\n    result.context = result.context || where\n    return result\n  }\n  const error = new Error()\n  error.context = where\n  return error\n}`,
    test: `it('x', () => { expect(error.context).toBe('body') })`,
  },
  {
    about: 'a value that overwrites one that should stay',
    template: 'nullish/default',
    before: `function set(that, name) { that.lang = parse(name); return that }`,
    after: `function set(that, name) { that.lang = parse(name) || that.lang; return that }`,
  },
  {
    about: 'an end that is one too early',
    template: 'boundary/off-by-one',
    before: `function last(text, at) { return text.slice(0, at) }`,
    after: `function last(text, at) { return text.slice(0, at + 1) }`,
  },
  {
    about: 'numbers sorted as text',
    template: 'comparator/add',
    before: `const order = (dates) => { const [a, b] = dates.sort(); return [a, b] }`,
    after: `const order = (dates) => { const [a, b] = dates.sort((a, b) => a - b); return [a, b] }`,
  },
  {
    about: 'null is an object too',
    template: 'condition/strengthen',
    before: `function merge(target) { if (typeof target === 'object') { return target.a } return 1 }`,
    after: `function merge(target) { if (target && typeof target === 'object') { return target.a } return 1 }`,
  },
  {
    about: 'a condition that asks for too much',
    template: 'condition/drop-conjunct',
    before: `function close(token, eos) { if (token.first && eos()) { token.done = true } }`,
    after: `function close(token, eos) { if (token.first) { token.done = true } }`,
  },
  {
    about: 'a default that was flipped',
    template: 'constant/flip',
    before: `const defaults = { depth: 5, decodeDots: true }\nmodule.exports = () => defaults`,
    after: `const defaults = { depth: 5, decodeDots: false }\nmodule.exports = () => defaults`,
  },
  {
    about: 'an early return',
    template: 'guard/return-early',
    before: `function test(version) {\n  if (version.raw) return true\n  return false\n}`,
    after: `function test(version) {\n  if (!version) return false\n  if (version.raw) return true\n  return false\n}`,
  },
  {
    about: 'an element to skip',
    template: 'guard/continue',
    before: `function all(keys, object) {\n  for (const key of keys) {\n    const value = object[key]\n    use(value)\n  }\n}`,
    after: `function all(keys, object) {\n  for (const key of keys) {\n    if (key === null) continue\n    const value = object[key]\n    use(value)\n  }\n}`,
  },
  {
    about: 'an option that nobody reads',
    template: 'guard/return-early',
    before: `const star = '*'\nfunction deep(opts) {\n  return opts.dot + 'x'\n}`,
    after: `const star = '*'\nfunction deep(opts) {\n  if (opts.nodeep === true) return star\n  return opts.dot + 'x'\n}`,
    test: `it('x', () => { deep({ nodeep: true }) })`,
  },
  {
    about: 'a table of words',
    template: 'literal/expected',
    before: `const words = 'janv_fevr_mars'.split('_')\nmodule.exports = () => words`,
    after: `const words = 'janv._fevr._mars'.split('_')\nmodule.exports = () => words`,
    message: `- Expected\n+ Received\n\n  Array [\n-   "janv.",\n-   "fevr.",\n+   "janv",\n+   "fevr",\n    "mars",\n  ]`,
  },
  {
    about: 'a text that an option should decide about',
    template: 'literal/by-option',
    before: `function end(opts) { const tail = opts.x + '|$)'; return tail }`,
    after: `function end(opts) { const tail = opts.x + (opts.strict ? ')' : '|$)'); return tail }`,
    test: `it('x', () => { end({ strict: true }) })`,
  },
  {
    about: 'a forgotten return',
    template: 'missing/return-name',
    before: `function listen(port) {\n  const listening = start(port)\n  listening.then(log)\n}`,
    after: `function listen(port) {\n  const listening = start(port)\n  listening.then(log)\n  return listening\n}`,
  },
  {
    about: 'loops the wrong way round',
    template: 'nesting/exchange',
    before: `const meets = (a, b) => { return a.every(function (x) { return b.some(function (ys) { return ys.has(x) }) }) }`,
    after: `const meets = (a, b) => { return b.some(function (ys) { return a.every(function (x) { return ys.has(x) }) }) }`,
  },
  {
    about: 'optional chaining',
    template: 'nullish/optional-chain',
    before: `export function name(user: { profile?: { name: string } }) { return user.profile.name }`,
    after: `export function name(user: { profile?: { name: string } }) { return user.profile?.name }`,
    path: 'src/name.ts',
  },
  {
    about: 'an operand inside the bracket instead of behind it',
    template: 'operand/move-out',
    before: `function rest(key, at) { return '[' + key.slice(at + ']') }`,
    after: `function rest(key, at) { return '[' + key.slice(at) + ']' }`,
  },
  {
    about: 'an operand that belongs to both branches',
    template: 'operand/move-out',
    before: `const hex = (i) => { return ((i < 16 ? '0' : '' + i.toString(16)).toUpperCase()) }`,
    after: `const hex = (i) => { return (((i < 16 ? '0' : '') + i.toString(16)).toUpperCase()) }`,
  },
  {
    about: 'a search that finds nothing',
    template: 'operand/missing-index',
    before: `function base(ref) { return ref.slice(0, ref.indexOf('#')) }`,
    after: `function base(ref) { return ref.indexOf('#') === -1 ? ref : ref.slice(0, ref.indexOf('#')) }`,
  },
  {
    about: 'a boundary',
    template: 'operator/replace',
    before: `const open = (n, most) => { return n < most }`,
    after: `const open = (n, most) => { return n <= most }`,
  },
  {
    about: 'truthiness where true was meant',
    template: 'operator/strict',
    before: `function end(force) { if (force) { kill() } }`,
    after: `function end(force) { if (force === true) { kill() } }`,
  },
  {
    about: 'a flag',
    template: 'regular-expression/flag',
    before: `const clean = (text) => { return text.replace(/_/, ' ') }`,
    after: `const clean = (text) => { return text.replace(/_/g, ' ') }`,
  },
  {
    about: 'statements in the wrong order',
    template: 'statement/swap',
    before: `function take(args) {\n  let a = args.shift()\n  a = a.slice(0, 2)\n  args.unshift(a.slice(2))\n}`,
    after: `function take(args) {\n  let a = args.shift()\n  args.unshift(a.slice(2))\n  a = a.slice(0, 2)\n}`,
  },
  {
    about: 'code that was commented out',
    template: 'statement/restore',
    before: `function store(self) {\n  // if (self.values.length) {\n  //   throw new Error('too late')\n  // }\n  self.stored = true\n}`,
    after: `function store(self) {\n  if (self.values.length) {\n    throw new Error('too late')\n  }\n  self.stored = true\n}`,
  },
  {
    about: 'the wrong variable',
    template: 'substitution/name',
    before: `function range(startIndex, endIndex) { return items(startIndex, startIndex) }`,
    after: `function range(startIndex, endIndex) { return items(startIndex, endIndex) }`,
  },
  {
    about: 'the wrong method',
    template: 'substitution/method',
    before: `const all = (list, f) => { return list.some(f) }`,
    after: `const all = (list, f) => { return list.every(f) }`,
  },
  {
    about: 'an entry that a list lacks',
    template: 'table/add-entry',
    before: `function find() { const kinds = ['.js', '.ts', '.mjs']; return kinds }`,
    after: `function find() { const kinds = ['.js', '.ts', '.mjs', '.cjs']; return kinds }`,
    test: `it('finds', () => { expect(find()).toContain('found .cjs') })`,
  },
  {
    about: 'a table that inherits',
    template: 'table/no-prototype',
    before: `const names = { '**': '*', '***': '*' }\nmodule.exports = (x) => names[x]`,
    after: `const names = { __proto__: null, '**': '*', '***': '*' }\nmodule.exports = (x) => names[x]`,
  },
  {
    about: 'a number that is a text',
    template: 'type-check/convert',
    before: `function start(bull) { const first = +bull; return first }`,
    after: `function start(bull) { const first = parseInt(bull, 10); return first }`,
  },
]

function problemOf({ before, test, message, path = 'lib/code.js' }: Sample): RepairProblem {
  const failing = {
    id: 'test/code.test.js > x',
    name: 'x',
    file: 'test/code.test.js',
    outcome: 'failed' as const,
  }
  return {
    sources: [{ path, text: before }],
    tests: [{ path: 'test/code.test.js', text: test ?? '' }],
    reproduction: {
      failing: [message === undefined ? failing : { ...failing, message }],
      passing: [],
      failingFiles: ['test/code.test.js'],
      testFiles: ['test/code.test.js'],
    },
  }
}

function squeezed(text: string): string {
  return text.replace(/[\s;{}]+/g, '')
}

describe('templates', () => {
  it('are all registered, once, under the name of their file', () => {
    const files = readdirSync(join(import.meta.dirname, 'templates')).map((file) => file.replace(/\.ts$/, ''))
    expect(templates.map((template) => template.name)).toEqual(files.sort())
    for (const template of templates) {
      expect(template.about).toMatch(/\.$/)
      expect(template.fault).toMatch(/\.$/)
    }
  })

  it('each have an example', () => {
    const shown = new Set(samples.map((sample) => sample.template.split('/')[0]))
    expect([...shown].sort()).toEqual(templates.map((template) => template.name))
  })

  it.each(samples)('$template: $about', async (sample) => {
    const problem = problemOf(sample)
    const vocabulary = gatherVocabulary(problem)
    const pool = await generate(localise(problem, vocabulary), vocabulary)
    const candidates = pool.take(100_000)
    const found = candidates.find((candidate) => {
      const [edit] = candidate.edits
      const text = sample.before.slice(0, edit!.start) + edit!.replacement + sample.before.slice(edit!.end)
      return squeezed(text) === squeezed(sample.after)
    })
    expect(found?.template).toBe(sample.template)
  })
})
