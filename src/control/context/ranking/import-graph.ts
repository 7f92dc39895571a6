import { dirname, join } from 'node:path/posix'

/** Which of some files import which; indices into the list of files. */
export interface ImportGraph {
  readonly imports: readonly (readonly number[])[]
  readonly importedBy: readonly (readonly number[])[]
}

/** Resolves what files import among the files themselves, by the conventions of their languages. */
export function buildImportGraph(
  files: readonly { readonly path: string; readonly imports: readonly string[] }[],
): ImportGraph {
  const byName = new Map<string, number[]>()
  const add = (name: string, index: number): void => {
    const list = byName.get(name)
    if (list === undefined) byName.set(name, [index])
    else if (!list.includes(index)) list.push(index)
  }
  const named = files.map(({ path, imports }) => namesFor(path, imports))
  for (const [index, { own }] of named.entries()) for (const name of own) add(name, index)
  const imports = named.map(({ targets }, index) => {
    const found = new Set(targets.flatMap((names) => resolve(names, byName)))
    found.delete(index)
    return [...found]
  })
  const importedBy = files.map((): number[] => [])
  for (const [from, targets] of imports.entries())
    for (const target of targets) importedBy[target]?.push(from)
  return { imports, importedBy }
}

interface FileNames {
  readonly path: string
  /** What others may call the file. */
  readonly own: readonly string[]
  /** For each import what it may be called, the likeliest first. */
  readonly targets: readonly (readonly string[])[]
}

/** The names of a file do not depend on other files, and lists of imports live as long as outlines are kept. */
const namesByImports = new WeakMap<readonly string[], FileNames>()

function namesFor(path: string, imports: readonly string[]): FileNames {
  const known = namesByImports.get(imports)
  if (known?.path === path) return known
  const stem = withoutExtension(path)
  // A folder stands for its index file, in Python for `__init__`; in Go and Java for all files in it.
  const folder = dirname(path)
  const names = {
    path,
    own: [stem, folder, ...[...suffixes(stem), ...suffixes(folder)].map((suffix) => `*/${suffix}`)],
    targets: imports.map((name) => namesOf(path, name)),
  }
  namesByImports.set(imports, names)
  return names
}

/** Names that many files answer to say nothing. */
const mostTargets = 12

function resolve(
  names: readonly string[],
  byName: ReadonlyMap<string, readonly number[]>,
): readonly number[] {
  for (const name of names) {
    const found = byName.get(name)
    if (found !== undefined) return found.length <= mostTargets ? found : []
  }
  return []
}

/** What an import may be called among the files, the likeliest first. */
function namesOf(path: string, name: string): readonly string[] {
  // Rust, and Java's static imports, name something inside the file.
  if (!/^\.\.?(?:\/|$)/.test(name))
    return [dottedName(path, name), dottedName(path, name.replace(/(?:::|\.)\w+$/, ''))]
  const full = join(dirname(path), name).replace(/\/$/, '')
  return [full, withoutExtension(full), `${full}/index`]
}

function dottedName(path: string, name: string): string {
  const relative = /^(\.+)([\w.]*)$/.exec(name)
  if (relative !== null) {
    const [, dots = '', rest = ''] = relative
    return join(dirname(path), '../'.repeat(dots.length - 1), rest.replaceAll('.', '/'))
  }
  const parts = (name.includes('/') ? withoutExtension(name) : name)
    .split(name.includes('/') ? '/' : /::|[.\\]/)
    .filter((part) => part !== '' && !/^(?:crate|super|self)$/.test(part))
  return `*/${parts.slice(-2).join('/')}`
}

function withoutExtension(path: string): string {
  return path.replace(/(?<=[^/])\.(?:d\.)?[A-Za-z]{1,5}$/, '')
}

/** The last one and the last two parts of a path. */
function suffixes(path: string): readonly string[] {
  const parts = path.split('/')
  return parts.length > 1 ? [parts.slice(-1).join('/'), parts.slice(-2).join('/')] : [path]
}
