import { fileKind, isTestPath } from '../../execution/repository/index.ts'

const maxMentions = 200

/** A list without repetitions and with an end. */
class Mentions {
  readonly #found = new Set<string>()

  add(text: string): void {
    if (this.#found.size < maxMentions) this.#found.add(text)
  }

  list(): string[] {
    return [...this.#found]
  }
}

/**
 * Paths of files that a text names: `src/a.ts`, `./a.ts:12`, `a/src/a.ts` of a diff, and the path in a link to a file
 * of a forge. A bare name counts when it has the extension of source code or tests.
 */
export function findFiles(lines: Iterable<string>): string[] {
  const files = new Mentions()
  for (const line of lines) {
    for (const token of tokensOf(line)) {
      const path = pathOf(token)
      if (path !== undefined) files.add(path)
    }
  }
  return files.list()
}

function pathOf(token: string): string | undefined {
  let path = token
  if (token.includes('://')) {
    const link = /^https?:\/\/[^/]+\/.{1,300}?\/(?:blob|blame|raw|src)\/(?:branch\/)?[^/]+\/([^?#]+)/.exec(
      token,
    )
    if (link?.[1] === undefined) return undefined
    path = link[1]
  }
  path = path
    .replace(/(?::\d{1,9}){1,2}:?$/, '')
    .replace(/#L\d.*$/, '')
    .replace(/^[ab]\/(?=.*\/)/, '')
    .replace(/^(?:\.\/)+/, '')
    .replaceAll('\\', '/')
  if (path.length > 300 || !/^[\w@.+/-]+$/.test(path) || path.includes('..') || path.startsWith('@'))
    return undefined
  if (/(?:^|\/)node_modules\//.test(path)) return undefined
  const extension = /[^/]\.([a-z][a-z0-9]{0,7})$/i.exec(path)?.[1]
  if (extension === undefined) return undefined
  const kind = fileKind(path)
  if (path.includes('/')) return kind === 'other' ? undefined : path
  // `Array.from` and `node.js` look like files; only what can hardly be anything else counts without a folder.
  return /^(?:[cm]?[jt]sx?|pyi?|go|rs|rb|java|json|ya?ml|toml)$/.test(extension) &&
    !/^(?:node|next|vue|express|three|d3|chart|moment)\.js$/i.test(path)
    ? path
    : undefined
}

/** Words of a line without quotes, brackets and the punctuation around them. */
function tokensOf(line: string): readonly string[] {
  return line
    .split(/[\s"'`<>()[\]{}|,;*=]+/)
    .map((token) => token.replace(/^[:!?]+|[:.!?]{1,20}$/g, ''))
    .filter((token) => token.length > 2 && token.length <= 1000)
}

/**
 * Names of functions, methods and classes: code spans that are one name, calls (`parse(…)`), and words that only a
 * programmer writes (`camelCase`, `snake_case`, `Type.member`).
 */
export function findSymbols(lines: Iterable<string>, codeSpans: Iterable<string>): string[] {
  const symbols = new Mentions()
  for (const span of codeSpans) {
    const name =
      /^(?:new\s+)?([A-Za-z_$][\w$]*(?:(?:\.|#|::)[A-Za-z_$][\w$]*){0,6})\s?(?:\([^)]*\))?;?$/.exec(
        span.trim(),
      )?.[1]
    if (name !== undefined && pathOf(name) === undefined) symbols.add(withoutNoise(name))
  }
  for (const line of lines) {
    for (const [, call = ''] of line.matchAll(
      /(?<![\w$.])([A-Za-z_$][\w$]{1,80}(?:\.[A-Za-z_$][\w$]{0,80}){0,6})\(/g,
    )) {
      symbols.add(withoutNoise(call))
    }
    for (const token of tokensOf(line)) {
      if (isProgrammersWord(token) && pathOf(token) === undefined) symbols.add(withoutNoise(token))
    }
  }
  return symbols.list().filter((name) => name.length > 1 && !noise.has(name))
}

function isProgrammersWord(token: string): boolean {
  if (token.length > 100 || !/^[A-Za-z_$][\w$.]*$/.test(token)) return false
  if (token.includes('.')) return /^[A-Z][\w$]*\.[a-z_$][\w$]*$/.test(token)
  return /^[a-z]+(?:[A-Z][a-z0-9]+)+$/.test(token) || /^[a-z][a-z0-9]*(?:_[a-z0-9]+)+$/.test(token)
}

const noise = new Set(
  `if for while switch catch function return new typeof await async const let var require import describe it test
   expect assert console.log console.error print true false null undefined i.e e.g None True False throw`.split(
    /\s+/,
  ),
)

function withoutNoise(name: string): string {
  return name.replace(/^(?:this|self|exports|module\.exports)\./, '')
}

/** The contents of single-backtick code spans, by line. */
export function codeSpansOf(line: string): readonly string[] {
  return line.includes('`') ? [...line.matchAll(/`([^`]{1,300})`/g)].map(([, span = '']) => span) : []
}

/**
 * Names and files of tests, as the well-known runners print failures and as people quote them.
 *
 * @param files what {@link findFiles} found in the same text.
 */
export function findTests(lines: Iterable<string>, files: readonly string[]): string[] {
  const tests = new Mentions()
  for (const line of lines) {
    const text = line.trim()
    for (const pattern of failureLines) {
      const name = pattern.exec(text)?.[1]?.trim()
      if (name !== undefined && name !== '') tests.add(name)
    }
    if (!/\b(?:it|test|def|class)\b|_/.test(text)) continue
    for (const [, name = ''] of text.matchAll(
      /\b(?:it|test|specify)\(\s?(?:'([^']{1,200})'|"[^"]{1,200}")/g,
    )) {
      if (name !== '') tests.add(name)
    }
    for (const [name] of text.matchAll(/\btest_\w{1,100}\b(?!\.)/g)) tests.add(name)
  }
  for (const file of files) if (isTestPath(file)) tests.add(file)
  return tests.list()
}

/** Vitest and Jest, node:test, tap, pytest, unittest; mocha's numbered list is too common in prose to count. */
const failureLines = [
  /^[✖✗✘×●]\s{1,4}(\S.{0,300}?)(?:\s\(\d[\d.]*\s?m?s\)|\s\d+m?s)?$/u,
  /^FAIL(?:ED)?\s{1,4}(\S{1,300}(?:\s>\s.{1,300})?)/,
  /^not ok \d{1,9}(?: -)? ([^#]{1,300})/,
  /^(?:FAIL|ERROR): (\w{1,200}(?: \([\w.]{1,200}\))?)$/,
]
