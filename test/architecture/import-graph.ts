import { readFileSync, readdirSync } from 'node:fs'
import { join, posix, relative } from 'node:path'
import ts from 'typescript'

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
    const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true)
    const visit = (node: ts.Node): void => {
      const found = importedBy(node)
      if (found) imports.push({ from: path, target: resolve(path, found.specifier), ...found })
      if (readsEnvironment(node)) environmentReaders.add(path)
      if (callsFetch(node)) fetchers.add(path)
      ts.forEachChild(node, visit)
    }
    visit(source)
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

function importedBy(node: ts.Node): Found | undefined {
  if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
    const typeOnly = node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword
    const bindings = node.importClause?.namedBindings
    const names = bindings && ts.isNamedImports(bindings) ? runtimeNames(bindings.elements) : ['*']
    return { specifier: node.moduleSpecifier.text, names: typeOnly ? [] : names, typeOnly }
  }
  if (ts.isExportDeclaration(node) && node.moduleSpecifier && ts.isStringLiteral(node.moduleSpecifier)) {
    const clause = node.exportClause
    const names = clause && ts.isNamedExports(clause) ? runtimeNames(clause.elements) : ['*']
    return {
      specifier: node.moduleSpecifier.text,
      names: node.isTypeOnly ? [] : names,
      typeOnly: node.isTypeOnly,
    }
  }
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
    const [argument] = node.arguments
    if (argument && ts.isStringLiteral(argument))
      return { specifier: argument.text, names: ['*'], typeOnly: false }
  }
  return undefined
}

function runtimeNames(elements: readonly (ts.ImportSpecifier | ts.ExportSpecifier)[]): string[] {
  return elements
    .filter(({ isTypeOnly }) => !isTypeOnly)
    .map((element) => (element.propertyName ?? element.name).text)
}

function resolve(from: string, specifier: string): string | undefined {
  return specifier.startsWith('.') ? posix.normalize(posix.join(posix.dirname(from), specifier)) : undefined
}

/** `process.env`, `process['env']`, `const { env } = process` and `import { env } from 'node:process'`. */
function readsEnvironment(node: ts.Node): boolean {
  if (ts.isPropertyAccessExpression(node)) return isProcess(node.expression) && node.name.text === 'env'
  if (ts.isElementAccessExpression(node))
    return (
      isProcess(node.expression) &&
      ts.isStringLiteral(node.argumentExpression) &&
      node.argumentExpression.text === 'env'
    )
  if (ts.isVariableDeclaration(node) && ts.isObjectBindingPattern(node.name))
    return (
      node.initializer !== undefined &&
      isProcess(node.initializer) &&
      node.name.elements.some((element) => (element.propertyName ?? element.name).getText() === 'env')
    )
  if (ts.isImportSpecifier(node))
    return (
      (node.propertyName ?? node.name).text === 'env' &&
      /^(node:)?process$/.test((node.parent.parent.parent.moduleSpecifier as ts.StringLiteral).text)
    )
  return false
}

function isProcess(node: ts.Expression): boolean {
  return /^(globalThis\.)?process$/.test(node.getText())
}

function callsFetch(node: ts.Node): boolean {
  return ts.isCallExpression(node) && /^(globalThis\.)?fetch$/.test(node.expression.getText())
}
