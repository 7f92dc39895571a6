import { readFileSync, readdirSync } from 'node:fs'
import { join, posix, relative } from 'node:path'
import { parse } from '@babel/parser'
import * as t from '@babel/types'

/** One `import`, `export … from` or `import()`. */
export interface Import {
  /** The importing file, relative to the root of the project. */
  readonly from: string
  readonly specifier: string
  /** The imported file where the specifier is relative. */
  readonly target: string | undefined
  /** What is imported by name and still there at run time; `*` for everything. */
  readonly names: readonly string[]
  /** Gone at run time. */
  readonly typeOnly: boolean
}

export interface SourceGraph {
  /** Text by path, relative to the root of the project with forward slashes. */
  readonly files: ReadonlyMap<string, string>
  readonly imports: readonly Import[]
  /** Paths of files that read the environment. */
  readonly environmentReaders: readonly string[]
  /** Paths of files that call the global `fetch`. */
  readonly fetchers: readonly string[]
}

/** Reads every TypeScript file below `src`, except what tests feed to the code as samples. */
export function readSources(root: string): Map<string, string> {
  const paths = readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .filter((path) => !path.includes('/fixtures/'))
  return new Map(paths.sort().map((path) => [path, readFileSync(join(root, path), 'utf8')]))
}

/** Parses the files; nothing is resolved on the disk, so that a test can plant a file that is not there. */
export function readGraph(files: ReadonlyMap<string, string>): SourceGraph {
  const imports: Import[] = []
  const environmentReaders = new Set<string>()
  const fetchers = new Set<string>()
  for (const [path, text] of files) {
    t.traverseFast(parse(text, { sourceType: 'module', plugins: ['typescript'] }), (node) => {
      const found = importedBy(node)
      if (found) imports.push({ from: path, target: resolve(path, found.specifier), ...found })
      if (readsEnvironment(node)) environmentReaders.add(path)
      if (callsFetch(node)) fetchers.add(path)
    })
  }
  return { files, imports, environmentReaders: [...environmentReaders], fetchers: [...fetchers] }
}

/** The graph with more files in it. */
export function withFiles(graph: SourceGraph, files: ReadonlyMap<string, string>): SourceGraph {
  const added = readGraph(files)
  return {
    files: new Map([...graph.files, ...added.files]),
    imports: [...graph.imports, ...added.imports],
    environmentReaders: [...graph.environmentReaders, ...added.environmentReaders],
    fetchers: [...graph.fetchers, ...added.fetchers],
  }
}

type Found = Pick<Import, 'specifier' | 'names' | 'typeOnly'>

function importedBy(node: t.Node): Found | undefined {
  if (t.isImportDeclaration(node)) {
    const typeOnly = node.importKind === 'type'
    const names = node.specifiers.flatMap((element) => {
      if (!t.isImportSpecifier(element)) return ['*']
      return element.importKind === 'type' ? [] : [nameOf(element.imported)]
    })
    const anything = node.specifiers.length === 0 ? ['*'] : names
    return { specifier: node.source.value, names: typeOnly ? [] : anything, typeOnly }
  }
  if (t.isExportAllDeclaration(node)) {
    const typeOnly = node.exportKind === 'type'
    return { specifier: node.source.value, names: typeOnly ? [] : ['*'], typeOnly }
  }
  if (t.isExportNamedDeclaration(node) && node.source) {
    const typeOnly = node.exportKind === 'type'
    const names = node.specifiers.flatMap((element) => {
      if (!t.isExportSpecifier(element)) return ['*']
      return element.exportKind === 'type' ? [] : [nameOf(element.local)]
    })
    return { specifier: node.source.value, names: typeOnly ? [] : names, typeOnly }
  }
  if (t.isImportExpression(node) && t.isStringLiteral(node.source))
    return { specifier: node.source.value, names: ['*'], typeOnly: false }
  return undefined
}

function nameOf(node: t.Node): string {
  if (t.isIdentifier(node)) return node.name
  return t.isStringLiteral(node) ? node.value : ''
}

function resolve(from: string, specifier: string): string | undefined {
  return specifier.startsWith('.') ? posix.normalize(posix.join(posix.dirname(from), specifier)) : undefined
}

/** `process.env`, `process['env']`, `const { env } = process` and `import { env } from 'node:process'`. */
function readsEnvironment(node: t.Node): boolean {
  if (t.isMemberExpression(node)) return isGlobal(node.object, 'process') && nameOf(node.property) === 'env'
  if (t.isVariableDeclarator(node))
    return (
      isGlobal(node.init, 'process') &&
      t.isObjectPattern(node.id) &&
      node.id.properties.some((property) => t.isObjectProperty(property) && nameOf(property.key) === 'env')
    )
  return (
    t.isImportDeclaration(node) &&
    /^(node:)?process$/.test(node.source.value) &&
    node.specifiers.some((element) => t.isImportSpecifier(element) && nameOf(element.imported) === 'env')
  )
}

function callsFetch(node: t.Node): boolean {
  return t.isCallExpression(node) && isGlobal(node.callee, 'fetch')
}

/** The name alone, or as a member of `globalThis`. */
function isGlobal(node: t.Node | null | undefined, name: string): boolean {
  if (t.isMemberExpression(node)) return isGlobal(node.object, 'globalThis') && nameOf(node.property) === name
  return t.isIdentifier(node, { name })
}
