import { parsePatch } from 'diff'

interface FilePatch {
  readonly text: string
  /** Of a file that was renamed. */
  readonly oldPath: string | null
  readonly isBinary: boolean
}

/** The parts of a patch as `git diff` prints it, by the path that a file has afterwards, or had before it was deleted. */
export function patchesByFile(patch: string): ReadonlyMap<string, FilePatch> {
  const parts = patch.split(/^(?=diff --git )/m).filter((part) => part.startsWith('diff --git '))
  return new Map(
    parts.flatMap((text): [string, FilePatch][] => {
      const renamed = /^rename from (.+)$/m.exec(text)?.[1]
      const path = pathOf(text)
      const isBinary = /^(?:Binary files |GIT binary patch)/m.test(text)
      return path === undefined
        ? []
        : [[path, { text, oldPath: renamed === undefined ? null : unquote(renamed), isBinary }]]
    }),
  )
}

function pathOf(text: string): string | undefined {
  const renamed = /^rename to (.+)$/m.exec(text)?.[1]
  if (renamed !== undefined) return unquote(renamed)
  const [file] = parsePatch(text)
  const names = [file?.newFileName, file?.oldFileName].filter(
    (name) => name !== undefined && name !== '/dev/null',
  )
  const [name] = names
  if (name !== undefined) return name.replace(/^[ab]\//, '')
  // A file without lines has no names but those in the first line, which are the same twice.
  const line = text.slice('diff --git '.length, text.indexOf('\n'))
  return unquote(line.slice(0, Math.floor(line.length / 2))).replace(/^a\//, '')
}

/** Git quotes names with unusual bytes as C does. */
function unquote(name: string): string {
  if (!name.startsWith('"')) return name
  const bytes: number[] = []
  const pattern = /\\([0-7]{3})|\\(.)|([^\\])/gu
  for (const [, octal, escaped, plain] of name.slice(1, -1).matchAll(pattern)) {
    if (octal !== undefined) bytes.push(Number.parseInt(octal, 8))
    else bytes.push(...Buffer.from(escaped === undefined ? (plain ?? '') : unescape(escaped)))
  }
  return Buffer.from(bytes).toString('utf8')
}

function unescape(letter: string): string {
  return { n: '\n', t: '\t', r: '\r' }[letter] ?? letter
}
