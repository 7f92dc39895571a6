import type { TestCase } from '../../../contracts/index.ts'
import type { RepairProblem } from '../model.ts'
import { isSite, wordsOf } from '../syntax/index.ts'
import { readFailure } from './failure-values.ts'
import type { ValuePair } from './failure-values.ts'
import { testRegions } from './test-regions.ts'
import type { TestRegion } from './test-regions.ts'

/** What the failing tests and the issue speak about: the raw material for holes in templates. */
export interface Vocabulary {
  /** Identifiers and property names with their weight, 0 … 1. */
  readonly names: ReadonlyMap<string, number>
  /** Words, in lower case and split out of names, strings and the issue. */
  readonly words: ReadonlyMap<string, number>
  /** Keys of object literals in the tests, heaviest first: mostly names of options and fields. */
  readonly keys: readonly string[]
  /** String literals of the tests and printed values, heaviest first. */
  readonly strings: readonly string[]
  readonly numbers: readonly number[]
  readonly pairs: readonly ValuePair[]
  /** Kinds of crash among the failures. */
  readonly crashes: ReadonlySet<string>
  /** Names that crash messages mention. */
  readonly crashNames: ReadonlySet<string>
  /** Whether some test expects an error that does not come. */
  readonly missingError: boolean
}

/** Names that every test suite uses and that say nothing. */
const commonplace = new Set(
  (
    'assert expect equal deepEqual strictEqual deepStrictEqual toBe toEqual ok test it describe t st require exports ' +
    'module default undefined true false null function return const let var new length done end plan'
  ).split(' '),
)

/** A word of a test's source: an identifier, a string, a number or the key of an entry. */
export interface TestToken {
  readonly kind: 'name' | 'string' | 'number' | 'key'
  readonly text: string
  /** How much it says about the fault, 0 … 1. */
  readonly weight: number
}

/** Gathers the vocabulary of failing tests in JavaScript, their messages and the issue. */
export function gatherVocabulary(problem: RepairProblem): Vocabulary {
  const regions = testRegions(problem.tests, problem.reproduction.failing, problem.newTestLines)
  return collectVocabulary(problem, regions.flatMap(tokensOf))
}

/** Gathers what the failing tests' source (as its language reads it), their messages and the issue say. */
export function collectVocabulary(problem: RepairProblem, tokens: readonly TestToken[]): Vocabulary {
  const gathered = new Gathering()
  for (const token of tokens) gathered.addToken(token)
  for (const test of problem.reproduction.failing.slice(0, 200)) gathered.addFailure(test)
  if (problem.issue !== undefined) gathered.addIssue(problem.issue)
  return gathered.finish()
}

class Gathering {
  private readonly names = new Map<string, number>()
  private readonly words = new Map<string, number>()
  private readonly keys = new Map<string, number>()
  private readonly strings = new Map<string, number>()
  private readonly numbers = new Set<number>()
  private readonly pairs: ValuePair[] = []
  private readonly crashes = new Set<string>()
  private readonly crashNames = new Set<string>()
  private missingError = false

  addToken({ kind, text, weight }: TestToken): void {
    if (kind === 'name') this.addName(text, weight)
    else if (kind === 'string') this.addString(text, weight)
    else if (kind === 'number') this.numbers.add(Number(text))
    else raise(this.keys, text, weight)
  }

  addFailure(test: TestCase): void {
    const signs = readFailure(`${test.message ?? ''}\n${test.stack ?? ''}`)
    this.pairs.push(...signs.pairs)
    if (signs.crash !== null) this.crashes.add(signs.crash)
    for (const name of signs.crashNames) {
      this.crashNames.add(name)
      this.addName(name, 1)
    }
    this.missingError ||= signs.missingError
    this.addText(test.name, 0.6)
    for (const pair of signs.pairs.slice(0, 20)) {
      if (pair.expected.length < 60) this.addString(pair.expected, 0.6)
      for (const match of pair.expected.matchAll(/['"]([^'"]{1,60})['"]/g))
        this.addString(match[1] ?? '', 0.5)
    }
  }

  addIssue(text: string): void {
    this.addText(text.slice(0, 20_000), 0.4)
    for (const match of text.matchAll(/`([^`\n]{1,80})`/g)) {
      for (const name of match[1]?.match(/[A-Za-z_$][\w$]*/g) ?? []) this.addName(name, 0.5)
    }
  }

  finish(): Vocabulary {
    return {
      names: this.names,
      words: this.words,
      keys: heaviestFirst(this.keys),
      strings: heaviestFirst(this.strings),
      numbers: [...this.numbers].slice(0, 40),
      pairs: this.pairs.slice(0, 400),
      crashes: this.crashes,
      crashNames: this.crashNames,
      missingError: this.missingError,
    }
  }

  private addName(name: string, weight: number): void {
    if (commonplace.has(name) || name.length < 2) return
    raise(this.names, name, weight)
    for (const word of wordsOf(name)) raise(this.words, word, weight * 0.8)
  }

  private addString(value: string, weight: number): void {
    if (value === '' || value.length > 400) return
    raise(this.strings, value, weight)
    this.addText(value, weight * 0.5)
  }

  private addText(text: string, weight: number): void {
    for (const name of text.match(/[A-Za-z_$][\w$]*/g) ?? []) {
      if (commonplace.has(name)) continue
      if (/[a-z][A-Z]|_/.test(name)) raise(this.names, name, weight * 0.8)
      for (const word of wordsOf(name)) raise(this.words, word, weight)
    }
  }
}

function tokensOf({ tree, start, end, weight }: TestRegion): readonly TestToken[] {
  const tokens: TestToken[] = []
  for (const site of tree.sites) {
    if (site.start < start || site.end > end) continue
    const { node } = site
    if (node.type === 'Identifier') tokens.push({ kind: 'name', text: node.name, weight })
    else if (node.type === 'StringLiteral') tokens.push({ kind: 'string', text: node.value, weight })
    else if (node.type === 'TemplateElement') tokens.push({ kind: 'string', text: node.value.raw, weight })
    else if (node.type === 'NumericLiteral') tokens.push({ kind: 'number', text: String(node.value), weight })
    if (isSite(site, 'ObjectProperty') && !site.node.computed) {
      const { key } = site.node
      if (key.type === 'Identifier') tokens.push({ kind: 'key', text: key.name, weight })
      else if (key.type === 'StringLiteral') tokens.push({ kind: 'key', text: key.value, weight })
    }
  }
  return tokens
}

function raise(map: Map<string, number>, key: string, weight: number): void {
  if ((map.get(key) ?? 0) < weight) map.set(key, weight)
}

function heaviestFirst(map: ReadonlyMap<string, number>): readonly string[] {
  return [...map].sort((left, right) => right[1] - left[1]).map(([key]) => key)
}
