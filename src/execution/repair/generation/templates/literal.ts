import type { ValuePair } from '../../evidence/index.ts'
import { isSite, isValue, placed, precedence, quoted } from '../../syntax/index.ts'
import type { Site } from '../../syntax/index.ts'
import { replaceExpression, replaceRange } from '../edits.ts'
import { soundsLikeOptions } from '../project-facts.ts'
import { editDistance } from '../similarity.ts'
import type { FileContext, Proposal, Template } from '../template.ts'

/** Wrong texts: tables of words, messages, separators, and texts that should depend on an option. */
export const template: Template = {
  name: 'literal',
  about: 'Changes a string to what the tests expect, takes a part of it away, or lets an option decide.',
  fault: 'A text is not what it should be.',
  *propose(site, context) {
    if (isSite(site, 'StringLiteral') && (isValue(site) || site.key === 'value')) {
      yield* expected(site, site.node.value, context)
      if (!isValue(site)) return
      yield* shortened(site, site.node.value, context)
      yield* byOption(site, context)
      yield* fromTests(site, site.node.value, context)
    } else if (isSite(site, 'TemplateElement')) {
      yield* expectedInTemplate(site, site.node.value.raw, context)
    }
  },
}

/** Tokens that a failing assertion printed as received, replaced by what it expected. */
function* expected(site: Site, value: string, context: FileContext): Iterable<Proposal> {
  const tokens = tokenPairs(context.vocabulary.pairs)
  const applied = tokens.filter((pair) => holdsToken(value, pair.actual))
  const seen = new Set([value])
  const offer = function* (text: string, weight: number): Iterable<Proposal> {
    if (seen.has(text)) return
    seen.add(text)
    yield replaceExpression(site, quoted(text, context.style), precedence.primary, {
      variant: 'expected',
      weight,
      description: `write ${clipped(text)} as the tests expect`,
    })
  }
  if (applied.length > 1)
    yield* offer(
      applied.reduce((text, pair) => replaceToken(text, pair), value),
      0.9,
    )
  for (const pair of applied.slice(0, 20)) yield* offer(replaceToken(value, pair), 0.7)
}

function* expectedInTemplate(site: Site, value: string, context: FileContext): Iterable<Proposal> {
  const applied = tokenPairs(context.vocabulary.pairs).filter((pair) => holdsToken(value, pair.actual))
  for (const pair of applied.slice(0, 20)) {
    const text = replaceToken(value, pair)
    if (/[`\\]|\$\{/.test(text)) continue
    yield replaceRange(site.start, site.end, text, {
      variant: 'expected',
      weight: 0.6,
      description: `write ${clipped(text)} as the tests expect`,
    })
  }
}

function* shortened(site: Site, value: string, context: FileContext): Iterable<Proposal> {
  if (value === '' || value.length > 80) return
  const offer = (text: string, weight: number): Proposal =>
    replaceExpression(site, quoted(text, context.style), precedence.primary, {
      variant: 'edit',
      weight,
      description: `use ${clipped(text)} instead of ${clipped(value)}`,
    })
  yield offer('', 0.08)
  if (value.length > 1 && value.length < 20) {
    yield offer(value.slice(1), 0.08)
    yield offer(value.slice(0, -1), 0.08)
  }
  if (value.trim() !== value) yield offer(value.trim(), 0.12)
  if (value.toLowerCase() !== value) yield offer(value.toLowerCase(), 0.05)
  for (const other of context.facts.strings.keys()) {
    if (other === value || other.length > 60) continue
    const close = value.length > 2 && editDistance(value, other) <= 2
    const sibling = value.length <= 3 && other.length <= 3
    if (close || sibling) yield offer(other, close ? 0.12 : 0.04)
  }
}

/** `'|$)'` becomes `(opts.strict ? ')' : '|$)')`: an option that the tests name and no source reads. */
function* byOption(site: Site, context: FileContext): Iterable<Proposal> {
  if (!isSite(site, 'StringLiteral') || site.node.value.length > 60) return
  const { value } = site.node
  const { tree, style, project, vocabulary } = context
  const bag = context.ingredientsAt(site).find((ingredient) => soundsLikeOptions(ingredient.text))
  if (bag === undefined) return
  const alternatives = new Set(['', value.slice(1), value.slice(0, -1), value.slice(-1), value.slice(0, 1)])
  alternatives.delete(value)
  for (const [rank, option] of project.wantedOptions.slice(0, 6).entries()) {
    const spoken = vocabulary.names.get(option) ?? 0.3
    for (const alternative of alternatives) {
      const other = quoted(alternative, style)
      const own = tree.textOf(site)
      for (const text of [
        `${bag.text}.${option} ? ${other} : ${own}`,
        `${bag.text}.${option} ? ${own} : ${other}`,
      ]) {
        yield {
          variant: 'by-option',
          start: site.start,
          end: site.end,
          replacement: placed(site, text, precedence.conditional),
          weight: (0.12 * spoken) / (1 + rank * 0.3),
          description: `let ${bag.text}.${option} decide between ${own} and ${other}`,
        }
      }
    }
  }
}

/** A text of the tests that is much like this one. */
function* fromTests(site: Site, value: string, context: FileContext): Iterable<Proposal> {
  if (value.length < 3 || value.length > 200) return
  for (const text of context.vocabulary.strings.slice(0, 60)) {
    if (text === value || Math.abs(text.length - value.length) > 6 || text.length < 3) continue
    if (editDistance(value, text) > Math.max(2, value.length * 0.25)) continue
    yield replaceExpression(site, quoted(text, context.style), precedence.primary, {
      variant: 'from-tests',
      weight: 0.25,
      description: `use ${clipped(text)} instead of ${clipped(value)}`,
    })
  }
}

/** Pairs of differing words of expected and received values; whole values where they are single words. */
function tokenPairs(pairs: readonly ValuePair[]): readonly ValuePair[] {
  const found = new Map<string, ValuePair>()
  const add = (actual: string, wanted: string): void => {
    if (actual.length < 2 || actual === wanted || actual.length > 200 || wanted.length > 200) return
    if (/^(?:true|false|null|undefined|\d+)$/.test(actual)) return
    found.set(`${actual}\0${wanted}`, { actual, expected: wanted })
  }
  for (const pair of pairs) {
    const actual = words(pair.actual)
    const wanted = words(pair.expected)
    if (actual.length === wanted.length) {
      actual.forEach((word, index) => add(word, wanted[index] ?? word))
    }
    add(pair.actual, pair.expected)
  }
  return [...found.values()].slice(0, 200)
}

function words(text: string): readonly string[] {
  return text.split(/[\s"'`,:;()[\]{}|_]+/).filter((word) => word !== '')
}

const letter = /[\p{L}\p{M}\p{N}]/u

/** Whether the token stands in the text, not as part of a longer word. */
function holdsToken(text: string, token: string): boolean {
  return tokenAt(text, token) >= 0
}

function tokenAt(text: string, token: string): number {
  for (let at = text.indexOf(token); at >= 0; at = text.indexOf(token, at + 1)) {
    if (!letter.test(text[at - 1] ?? '') && !letter.test(text[at + token.length] ?? '')) return at
  }
  return -1
}

function replaceToken(text: string, pair: ValuePair): string {
  const at = tokenAt(text, pair.actual)
  return at < 0 ? text : text.slice(0, at) + pair.expected + text.slice(at + pair.actual.length)
}

function clipped(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 57)}…` : text)
}
