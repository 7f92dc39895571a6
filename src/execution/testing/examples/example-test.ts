import { posix } from 'node:path'

import type { File, Node, Statement } from '@babel/types'

import { parseScript, walkScript } from '../../repository/index.ts'
import { asAssertion } from './expectation.ts'
import { type Import, importOf, rewritten } from './imports.ts'

/** A file of the project's tests, or of its sources. */
export interface ProjectFile {
  readonly path: string
  readonly text: string
}

export interface ExampleRequest {
  /** Code that an issue shows. */
  readonly code: string
  /** Test files of the project whose tests run: the new one is made in their manner. */
  readonly models: readonly ProjectFile[]
  /** Name of the package under test, as its users import it. */
  readonly packageName: string | undefined
  /** Its entry, relative to the repository's root. */
  readonly entry: string | undefined
}

export interface ExampleTest {
  readonly path: string
  readonly text: string
  /** Title of the one test in it. */
  readonly title: string
  /** Whether it compares values; else it only shows that nothing is thrown. */
  readonly comparesValues: boolean
}

const title = 'the example of the issue'
const longest = 10_000

/**
 * Turns code that an issue shows into a test file in the manner of the project's own: the same runner, the same way of
 * importing, beside the tests that are there. A comment `// expected: …` with a literal becomes an assertion. Null where
 * the code does not parse, uses names that nobody declares, or no test of the project can serve as a model.
 */
export function testOfExample(request: ExampleRequest): ExampleTest | null {
  if (request.code.length > longest) return null
  const example = readExample(request.code)
  if (example === null) return null
  for (const model of request.models) {
    const made = inTheMannerOf(model, example, request)
    if (made !== null) return made
  }
  return null
}

interface Example {
  readonly imports: readonly Import[]
  readonly statements: readonly string[]
  readonly comparesValues: boolean
  /** Names that it uses and does not declare. */
  readonly free: ReadonlySet<string>
  readonly awaits: boolean
}

function readExample(code: string): Example | null {
  const path = /\bimport\s+type\b|:\s*(?:string|number|boolean)\b/.test(code) ? 'example.ts' : 'example.js'
  const file = parseScript(path, code)
  if (file === undefined || file.errors.length > 0 || file.program.body.length === 0) return null
  const imports: Import[] = []
  const statements: string[] = []
  let comparesValues = false
  for (const [index, statement] of file.program.body.entries()) {
    if (statement.type === 'EmptyStatement') continue
    const imported = importOf(statement, code)
    if (imported !== null) {
      imports.push(imported)
      continue
    }
    const assertion = asAssertion(statement, commentsAfter(file, statement, index), code)
    comparesValues ||= assertion !== null
    statements.push(assertion ?? code.slice(statement.start ?? 0, statement.end ?? 0).replace(/;$/, ''))
  }
  if (statements.length === 0) return null
  const free = freeNames(file)
  for (const { names } of imports) for (const name of names) free.delete(name)
  return { imports, statements, comparesValues, free, awaits: /\bawait\b/.test(code) }
}

function commentsAfter(file: File, statement: Statement, index: number): NonNullable<File['comments']> {
  const next = file.program.body[index + 1]?.start ?? Number.POSITIVE_INFINITY
  return (file.comments ?? []).filter(
    ({ start = 0 }) => start >= (statement.end ?? 0) && start < next,
  )
}

/** Identifiers that are read and declared nowhere in the file; shadowing is not followed. */
function freeNames(file: File): Set<string> {
  const used = new Set<string>()
  const declared = new Set<string>()
  walkScript(file, (node, ancestors) => {
    if (node.type !== 'Identifier') return
    const parent = ancestors.at(-1)
    if (parent === undefined || isPropertyName(node, parent)) return
    if (declares(parent, node, ancestors)) declared.add(node.name)
    else used.add(node.name)
  })
  return new Set([...used].filter((name) => !declared.has(name) && !(name in globalThis) && !given.has(name)))
}

const given = new Set(['require', 'module', 'exports', 'undefined', 'arguments'])

function isPropertyName(node: Node, parent: Node): boolean {
  switch (parent.type) {
    case 'MemberExpression':
    case 'OptionalMemberExpression':
      return parent.property === node && !parent.computed
    case 'ObjectProperty':
      return parent.key === node && !parent.computed && !parent.shorthand
    case 'ObjectMethod':
    case 'ClassMethod':
    case 'ClassProperty':
      return parent.key === node && !parent.computed
    case 'LabeledStatement':
    case 'BreakStatement':
    case 'ContinueStatement':
      return true
    default:
      return false
  }
}

function declares(parent: Node, node: Node, ancestors: readonly Node[]): boolean {
  switch (parent.type) {
    case 'VariableDeclarator':
      return parent.id === node
    case 'FunctionDeclaration':
    case 'FunctionExpression':
    case 'ArrowFunctionExpression':
      return parent.body !== node
    case 'ClassDeclaration':
      return parent.id === node
    case 'ImportSpecifier':
    case 'ImportDefaultSpecifier':
    case 'ImportNamespaceSpecifier':
    case 'CatchClause':
    case 'RestElement':
    case 'ArrayPattern':
      return true
    case 'AssignmentPattern':
      return parent.left === node
    case 'ObjectProperty':
      return ancestors.at(-2)?.type === 'ObjectPattern'
    default:
      return false
  }
}

/** How a test file declares a test: `it`, `test`, `tap.test`. */
interface Manner {
  readonly declare: string
  readonly imports: readonly Import[]
  readonly style: Import['style']
}

function inTheMannerOf(model: ProjectFile, example: Example, request: ExampleRequest): ExampleTest | null {
  const manner = mannerOf(model)
  if (manner === null) return null
  const lines: string[] = []
  const bound = new Set<string>()
  const add = (line: string | null, names: readonly string[]): boolean => {
    if (line === null) return false
    lines.push(line)
    for (const name of names) bound.add(name)
    return true
  }
  for (const one of example.imports) {
    const isOwn = one.source === request.packageName
    const source = isOwn ? relativeTo(model.path, request.entry) : one.source
    if (source === null || (!isOwn && /^\.{0,2}\//.test(one.source))) return null
    if (!add(rewritten(one, source, manner.style), one.names)) return null
  }
  const needed = new Set([...example.free, manner.declare.split('.')[0] ?? ''])
  for (const one of manner.imports) {
    if (one.names.some((name) => needed.has(name) && !bound.has(name))) add(one.text, one.names)
  }
  if ([...example.free].some((name) => !bound.has(name))) return null
  if (example.comparesValues) {
    const module = 'node:assert'
    const names = '{ deepStrictEqual }'
    lines.push(manner.style === 'import' ? `import ${names} from '${module}'` : `const ${names} = require('${module}')`)
  }
  const text = [...lines, '', ...bodyOf(manner.declare, model.text, example), ''].join('\n')
  const path = posix.join(posix.dirname(model.path), nameLike(posix.basename(model.path)))
  return { path, text, title, comparesValues: example.comparesValues }
}

function bodyOf(declare: string, model: string, example: Example): readonly string[] {
  const isTape = /(?:require\(|from )['"]tape['"]/.test(model)
  const isAva = /(?:require\(|from )['"]ava['"]/.test(model)
  const parameter = isTape || isAva ? 't' : ''
  return [
    `${declare}('${title}', ${example.awaits || !isTape ? 'async ' : ''}(${parameter}) => {`,
    ...example.statements.map((statement) => `  ;${statement}`.replace(/^ {2};(?![[(`/+-])/, '  ')),
    ...(isTape ? ['  t.end()'] : isAva ? ['  t.pass()'] : []),
    '})',
  ]
}

/** How the file declares its tests; null where that cannot be told. */
function mannerOf({ path, text }: ProjectFile): Manner | null {
  const file = parseScript(path, text)
  if (file === undefined) return null
  const found: { readonly callee: string; readonly depth: number }[] = []
  walkScript(file, (node, ancestors) => {
    if (node.type !== 'CallExpression') return
    const [first] = node.arguments
    const last = node.arguments.at(-1)
    const callee = text.slice(node.callee.start ?? 0, node.callee.end ?? 0)
    const isTest =
      (first?.type === 'StringLiteral' || first?.type === 'TemplateLiteral') &&
      (last?.type === 'ArrowFunctionExpression' || last?.type === 'FunctionExpression') &&
      /^(?:[\w$]+\.)?(?:it|test|specify)$|^(?:tap|tape|t|ava)$/.test(callee)
    if (isTest) found.push({ callee, depth: ancestors.length })
  })
  const [outermost] = found.sort((left, right) => left.depth - right.depth)
  if (outermost === undefined) return null
  const imports = file.program.body.flatMap((statement) => importOf(statement, text) ?? [])
  const style = imports.some((one) => one.style === 'import') || path.endsWith('.mjs') ? 'import' : 'require'
  return { declare: outermost.callee, imports, style }
}

/** A name that the project's runner takes for a test file because it looks like the model's. */
function nameLike(name: string): string {
  const suffix = /(?:[._-](?:test|tests|spec|specs))?(?:\.[a-z-]+)?\.[cm]?[jt]sx?$/i.exec(name)?.[0] ?? '.js'
  return /^(?:test|tests|spec|specs)\.[cm]?[jt]sx?$/i.test(name) ? `issue-example.${name}` : `issue-example${suffix}`
}

function relativeTo(from: string, to: string | undefined): string | null {
  if (to === undefined) return null
  const path = posix.relative(posix.dirname(from), to)
  return path.startsWith('.') ? path : `./${path}`
}
