/**
 * Globs that a model writes, matched in time that grows with pattern times path, whatever the pattern: `*` and `?` within
 * a part of a path, `**` for any number of parts, `[a-z]`, and `{a,b}`.
 */
export interface Glob {
  matches(path: string): boolean
}

/** Patterns that braces may stand for. */
const mostAlternatives = 64
const longestGlob = 512

/** Undefined for a pattern that is too long or stands for too many. */
export function compileGlob(pattern: string): Glob | undefined {
  if (pattern.length > longestGlob) return undefined
  const alternatives = expandBraces(pattern)
  if (alternatives === undefined) return undefined
  const compiled = alternatives.map((alternative) => alternative.split('/').map(compilePart))
  return { matches: (path) => compiled.some((parts) => matchSequence(parts, path.split('/'), matchPart)) }
}

/** One part of a pattern: any number of parts, or what one part looks like. */
type Part = { readonly kind: 'any' } | { readonly kind: 'part'; readonly tokens: readonly Token[] }
type Token =
  | { readonly kind: 'any' }
  | { readonly kind: 'one' }
  | { readonly kind: 'character'; readonly character: string }
  | {
      readonly kind: 'set'
      readonly negated: boolean
      readonly ranges: readonly (readonly [string, string])[]
    }

function compilePart(part: string): Part {
  if (part === '**') return { kind: 'any' }
  const tokens: Token[] = []
  const characters = Array.from(part)
  for (let at = 0; at < characters.length; at += 1) {
    const character = characters[at] ?? ''
    if (character === '*') {
      if (tokens.at(-1)?.kind !== 'any') tokens.push({ kind: 'any' })
    } else if (character === '?') tokens.push({ kind: 'one' })
    else if (character === '[') {
      const set = readSet(characters, at)
      tokens.push(set?.token ?? { kind: 'character', character })
      at = set?.end ?? at
    } else tokens.push({ kind: 'character', character })
  }
  return { kind: 'part', tokens }
}

function readSet(
  characters: readonly string[],
  start: number,
): { readonly token: Token; readonly end: number } | undefined {
  const negated = characters[start + 1] === '!' || characters[start + 1] === '^'
  const first = start + (negated ? 2 : 1)
  // A bracket directly after the opening one is a member.
  const end = characters.indexOf(']', first + 1)
  if (end === -1) return undefined
  const ranges: (readonly [string, string])[] = []
  for (let at = first; at < end;) {
    const from = characters[at] ?? ''
    const isRange = characters[at + 1] === '-' && at + 2 < end
    ranges.push([from, isRange ? (characters[at + 2] ?? '') : from])
    at += isRange ? 3 : 1
  }
  return { token: { kind: 'set', negated, ranges }, end }
}

function matchPart(part: Part & { kind: 'part' }, text: string): boolean {
  const tokens = part.tokens
  // As shells have it, hidden files are matched only by a pattern that says so.
  if (text.startsWith('.') && !isDot(tokens[0])) return false
  return matchSequence(tokens, Array.from(text), matchCharacter)
}

function isDot(token: Token | undefined): boolean {
  return token?.kind === 'character' && token.character === '.'
}

function matchCharacter(token: Exclude<Token, { kind: 'any' }>, character: string): boolean {
  switch (token.kind) {
    case 'one':
      return true
    case 'character':
      return token.character === character
    case 'set':
      return token.negated !== token.ranges.some(([from, to]) => from <= character && character <= to)
  }
}

/** Only the last `any` is ever reconsidered, which is enough: what an earlier one could take, the later one can too. */
function matchSequence<T extends { readonly kind: string }, E>(
  pattern: readonly T[],
  elements: readonly E[],
  matchOne: (token: Exclude<T, { kind: 'any' }>, element: E) => boolean,
): boolean {
  let at = 0
  let token = 0
  let any = -1
  let resume = 0
  while (at < elements.length) {
    const current = pattern[token]
    const element = elements[at] as E
    if (current?.kind === 'any') {
      any = token
      resume = at
      token += 1
    } else if (current !== undefined && matchOne(current as Exclude<T, { kind: 'any' }>, element)) {
      at += 1
      token += 1
    } else if (any === -1) return false
    else {
      resume += 1
      at = resume
      token = any + 1
    }
  }
  return pattern.slice(token).every(({ kind }) => kind === 'any')
}

/** Undefined when there are too many. Braces without a comma, or unbalanced ones, stand for themselves. */
function expandBraces(pattern: string): readonly string[] | undefined {
  let open = [pattern]
  const done: string[] = []
  while (open.length > 0) {
    const next: string[] = []
    for (const one of open) {
      const braces = innermostBraces(one)
      if (braces === undefined) done.push(one)
      else next.push(...braces.choices.map((choice) => braces.before + choice + braces.after))
      if (done.length + next.length > mostAlternatives) return undefined
    }
    open = next
  }
  return done.map((one) => one.replaceAll(literalOpen, '{').replaceAll(literalClose, '}'))
}

/** Stand for braces that are no choice, while others are expanded; paths hold no control characters. */
const literalOpen = '\u0001'
const literalClose = '\u0002'

function innermostBraces(
  pattern: string,
): { readonly before: string; readonly choices: readonly string[]; readonly after: string } | undefined {
  const close = pattern.indexOf('}')
  const open = close === -1 ? -1 : pattern.lastIndexOf('{', close)
  if (open === -1) return undefined
  const inner = pattern.slice(open + 1, close)
  const before = pattern.slice(0, open)
  const after = pattern.slice(close + 1)
  const choices = inner.includes(',') ? inner.split(',') : [`${literalOpen}${inner}${literalClose}`]
  return { before, choices, after }
}
