import { isSite } from '../../syntax/index.ts'
import { replaceRange } from '../edits.ts'
import type { FileContext, Proposal, Template } from '../template.ts'

/** Regular expressions that match too much or too little. */
export const template: Template = {
  name: 'regular-expression',
  about: 'Changes anchors, classes, quantifiers, escapes and flags of a regular expression.',
  fault: 'A regular expression matches the wrong texts.',
  *propose(site, context) {
    if (!isSite(site, 'RegExpLiteral') || site.end - site.start > 400) return
    const { pattern, flags } = site.node
    const seen = new Set<string>()
    for (const edit of edits(pattern, flags, context)) {
      const text = `/${edit.pattern}/${edit.flags}`
      if (seen.has(text) || !compiles(edit.pattern, edit.flags)) continue
      seen.add(text)
      yield replaceRange(site.start, site.end, text, {
        variant: edit.variant,
        weight: edit.weight,
        description: `match ${text}`,
      } satisfies Omit<Proposal, 'start' | 'end' | 'replacement'>)
    }
  },
}

interface RegExpEdit {
  readonly pattern: string
  readonly flags: string
  readonly variant: string
  readonly weight: number
}

function* edits(pattern: string, flags: string, context: FileContext): Iterable<RegExpEdit> {
  yield* flagEdits(pattern, flags)
  yield* anchorEdits(pattern, flags)
  for (const atom of atomsOf(pattern)) yield* atomEdits(pattern, flags, atom, context)
}

function* flagEdits(pattern: string, flags: string): Iterable<RegExpEdit> {
  for (const [flag, weight] of [
    ['g', 0.3],
    ['i', 0.35],
    ['m', 0.15],
    ['s', 0.12],
    ['u', 0.15],
  ] as const) {
    const toggled = flags.includes(flag) ? flags.replace(flag, '') : `${flags}${flag}`
    yield { pattern, flags: toggled, variant: 'flag', weight: flags.includes(flag) ? weight * 0.5 : weight }
  }
}

function* anchorEdits(pattern: string, flags: string): Iterable<RegExpEdit> {
  const started = pattern.startsWith('^')
  const ended = pattern.endsWith('$') && !pattern.endsWith('\\$')
  const whole = pattern.includes('|') ? `(?:${pattern})` : pattern
  yield { pattern: started ? pattern.slice(1) : `^${whole}`, flags, variant: 'anchor', weight: 0.2 }
  yield { pattern: ended ? pattern.slice(0, -1) : `${whole}$`, flags, variant: 'anchor', weight: 0.2 }
  if (!started) yield { pattern: `\\b${whole}`, flags, variant: 'anchor', weight: 0.08 }
  if (!ended) yield { pattern: `${whole}\\b`, flags, variant: 'anchor', weight: 0.08 }
}

interface Atom {
  readonly kind: 'class' | 'escape' | 'any' | 'group' | 'character'
  readonly start: number
  readonly end: number
  /** End of the quantifier that follows, or `end`. */
  readonly quantified: number
}

/** The parts of a pattern with their quantifiers; groups are listed with what is in them. */
function atomsOf(pattern: string): readonly Atom[] {
  const atoms: Atom[] = []
  const open: number[] = []
  const add = (kind: Atom['kind'], start: number, end: number): void => {
    const quantifier = /^(?:[*+?]|\{\d+(?:,\d*)?\})\??/.exec(pattern.slice(end))
    atoms.push({ kind, start, end, quantified: end + (quantifier?.[0].length ?? 0) })
  }
  for (let at = 0; at < pattern.length; at += 1) {
    const character = pattern[at]
    if (character === '\\') {
      add('escape', at, at + 2)
      at += 1
    } else if (character === '[') {
      let end = at + 1
      while (end < pattern.length && pattern[end] !== ']') end += pattern[end] === '\\' ? 2 : 1
      add('class', at, end + 1)
      at = end
    } else if (character === '(') open.push(at)
    else if (character === ')') {
      const start = open.pop()
      if (start !== undefined) add('group', start, at + 1)
    } else if (character === '.') add('any', at, at + 1)
    else if (character !== undefined && /[\w\-:/@#%&=<>, ]/.test(character)) add('character', at, at + 1)
  }
  return atoms.slice(0, 60)
}

function* atomEdits(pattern: string, flags: string, atom: Atom, context: FileContext): Iterable<RegExpEdit> {
  const text = pattern.slice(atom.start, atom.end)
  const quantifier = pattern.slice(atom.end, atom.quantified)
  const replaced = (middle: string, variant: string, weight: number): RegExpEdit => ({
    pattern: pattern.slice(0, atom.start) + middle + pattern.slice(atom.quantified),
    flags,
    variant,
    weight,
  })
  if (atom.kind !== 'character') {
    for (const other of ['', '?', '*', '+', '*?', '+?']) {
      if (other === quantifier) continue
      const near = quantifier !== '' && other !== '' && other[0] === quantifier[0]
      const weight = quantifier === '' ? 0.08 : near ? 0.2 : 0.15
      yield replaced(`${text}${other}`, 'quantifier', weight)
    }
  } else {
    yield replaced(`${text}?`, 'quantifier', 0.04)
  }
  if (atom.kind === 'any') yield replaced(`\\.${quantifier}`, 'escape', 0.3)
  if (atom.kind === 'any') yield replaced(`[^]${quantifier}`, 'class', 0.12)
  if (atom.kind === 'any') yield replaced(`[\\s\\S]${quantifier}`, 'class', 0.12)
  if (atom.kind === 'escape') {
    const other: Readonly<Record<string, string>> = { d: 'w', w: 'S', s: 'S', S: 's', b: 'B', D: 'd', W: 'w' }
    const swapped = other[text[1] ?? '']
    if (swapped !== undefined) yield replaced(`\\${swapped}${quantifier}`, 'class', 0.08)
    if (/\\[wds]/.test(text)) {
      for (const extra of charactersFromTests(context)) {
        yield replaced(`[${text}${classEscape(extra)}]${quantifier}`, 'class', 0.15)
      }
    }
  }
  if (atom.kind === 'class') yield* classEdits(text, quantifier, replaced, context)
  if (atom.kind === 'group' && !text.startsWith('(?'))
    yield replaced(`(?:${text.slice(1)}${quantifier}`, 'group', 0.04)
}

function* classEdits(
  text: string,
  quantifier: string,
  replaced: (middle: string, variant: string, weight: number) => RegExpEdit,
  context: FileContext,
): Iterable<RegExpEdit> {
  const body = text.slice(1, -1)
  const extras = new Set([
    ...charactersFromTests(context),
    '-',
    '_',
    '.',
    '\\s',
    '\\d',
    '\\w',
    '$',
    '/',
    '+',
    ':',
  ])
  for (const extra of extras) {
    const escaped = extra.startsWith('\\') ? extra : classEscape(extra)
    if (!body.includes(escaped)) yield replaced(`[${body}${escaped}]${quantifier}`, 'class', 0.15)
  }
  const negated = body.startsWith('^')
  yield replaced(`[${negated ? body.slice(1) : `^${body}`}]${quantifier}`, 'class', 0.06)
  for (const member of body.match(/\\.|[^\\](?:-[^\]])?/g) ?? []) {
    if (body.length > member.length && member !== '^') {
      yield replaced(`[${body.replace(member, () => '')}]${quantifier}`, 'class', 0.06)
    }
  }
}

/** Characters that are no letters, digits or blanks and stand in the failing tests' strings. */
function charactersFromTests({ vocabulary }: FileContext): readonly string[] {
  const characters = new Set<string>()
  for (const text of vocabulary.strings.slice(0, 30)) {
    for (const character of text.match(/[^\w\s]/gu) ?? []) characters.add(character)
  }
  return [...characters].slice(0, 16)
}

function classEscape(character: string): string {
  return /[\]\\^-]/.test(character) || character === '/' ? `\\${character}` : character
}

function compiles(pattern: string, flags: string): boolean {
  try {
    new RegExp(pattern, flags)
    return pattern !== ''
  } catch {
    return false
  }
}
