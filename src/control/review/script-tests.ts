import type { CallExpression, Expression, Node } from '@babel/types'
import { childrenOf, parseScript } from '../../execution/repository/index.ts'
import { readAssertion, type Assertion } from './script-assertions.ts'

export type TestModifier = 'skip' | 'only' | 'todo' | 'failing'
export type TestHazard = 'swallowed-errors' | 'early-return' | 'conditional-assertions'

/** What a test says, read from its syntax. */
export interface TestUnit {
  /** Titles from the outside in, joined by ` > `; repeated titles get a number. */
  readonly id: string
  readonly line: number
  /** Of the test itself and of the suites around it. */
  readonly modifiers: ReadonlySet<TestModifier>
  readonly assertions: readonly Assertion[]
  readonly hazards: ReadonlySet<TestHazard>
  /** Rows of an `each` table; undefined where there is none or it is computed. */
  readonly cases: number | undefined
  /** Its source without white space, to recognise a test that was only renamed. */
  readonly body: string
}

const suiteNames = new Set(['describe', 'suite', 'context'])
const testNames = new Set(['it', 'test', 'specify'])
const maxDepth = 500

/** The tests of a script, or undefined if it cannot be parsed. */
export function readScriptTests(path: string, text: string): readonly TestUnit[] | undefined {
  const file = parseScript(path, text)
  if (file === undefined) return undefined
  const reader = new Reader(text)
  reader.enter(file.program, { titles: [], modifiers: new Set(), depth: 0 })
  return reader.tests
}

interface Scope {
  readonly titles: readonly string[]
  readonly modifiers: ReadonlySet<TestModifier>
  readonly depth: number
}

class Reader {
  readonly tests: TestUnit[] = []
  readonly #text: string
  readonly #seen = new Map<string, number>()

  constructor(text: string) {
    this.#text = text
  }

  enter(node: Node, scope: Scope): void {
    if (scope.depth > maxDepth) return
    const declared = node.type === 'CallExpression' ? readDeclaration(node, this.#text) : undefined
    if (declared === undefined) {
      for (const child of childrenOf(node)) this.enter(child, { ...scope, depth: scope.depth + 1 })
      return
    }
    const inner: Scope = {
      titles: [...scope.titles, declared.title],
      modifiers: new Set([...scope.modifiers, ...declared.modifiers]),
      depth: scope.depth + 1,
    }
    if (declared.kind === 'test') this.#record(declared, inner)
    // Subtests are tests of their own, below the test that declares them.
    if (declared.body !== undefined) this.enter(declared.body, inner)
  }

  #record(declared: Declaration, scope: Scope): void {
    const title = scope.titles.join(' > ')
    const count = (this.#seen.get(title) ?? 0) + 1
    this.#seen.set(title, count)
    const content = new Content(this.#text)
    if (declared.body !== undefined)
      content.read(declared.body, { guarded: false, conditional: false, own: true, depth: 0 })
    this.tests.push({
      id: count === 1 ? title : `${title} #${count}`,
      line: declared.line,
      modifiers: new Set([...scope.modifiers, ...content.modifiers]),
      assertions: content.assertions,
      hazards: content.hazards,
      cases: declared.cases,
      body: sourceOf(this.#text, declared.body).replace(/\s+/g, ''),
    })
  }
}

interface Declaration {
  readonly kind: 'suite' | 'test'
  readonly title: string
  readonly line: number
  readonly modifiers: ReadonlySet<TestModifier>
  readonly cases: number | undefined
  readonly body: Node | undefined
}

/** `it('…', …)`, `describe.skip`, `xit`, `test.each(table)('…', …)`, `t.test('…', …)` and their kin. */
function readDeclaration(call: CallExpression, text: string): Declaration | undefined {
  const names = calleeNames(call.callee)
  const root = names[0]?.replace(/^[xf](?=it$|test$|describe$|context$|specify$)/, '')
  const isSubtest =
    names.length === 2 && names[1] === 'test' && /^(?:t|tt|ctx|context|tap|assert)$/.test(names[0] ?? '')
  if (root === undefined || (!isSubtest && !testNames.has(root) && !suiteNames.has(root))) return undefined
  // `t.context`, `test.info()` and hooks are not declarations: those have a title or a function.
  if (!isSubtest && names.slice(1).some((name) => !declarationParts.has(name))) return undefined
  const [first] = call.arguments
  if (first === undefined) return undefined
  const body = call.arguments.find((argument) => isFunction(argument))
  const isTitle = first.type === 'StringLiteral' || first.type === 'TemplateLiteral'
  if (!isTitle && body === undefined) return undefined
  return {
    kind: !isSubtest && suiteNames.has(root) ? 'suite' : 'test',
    title: titleOf(first, text),
    line: call.loc?.start.line ?? 1,
    modifiers: modifiersOf(names, call),
    cases: casesOf(call.callee),
    body,
  }
}

const declarationParts = new Set(
  `skip only todo failing fails each for concurrent sequential serial parallel skipIf runIf if extend shuffle step describe`.split(
    ' ',
  ),
)

/** `it.skip.each(table)` → `it`, `skip`, `each`. */
function calleeNames(callee: Node): readonly string[] {
  const names: string[] = []
  let node: Node = callee
  for (;;) {
    if (node.type === 'MemberExpression' && node.property.type === 'Identifier' && !node.computed) {
      names.unshift(node.property.name)
      node = node.object
    } else if (node.type === 'CallExpression') node = node.callee
    else if (node.type === 'TaggedTemplateExpression') node = node.tag
    else break
    if (names.length > 12) return []
  }
  return node.type === 'Identifier' ? [node.name, ...names] : []
}

function modifiersOf(names: readonly string[], call: CallExpression): ReadonlySet<TestModifier> {
  const modifiers = new Set<TestModifier>()
  const [root = ''] = names
  if (/^x/.test(root)) modifiers.add('skip')
  if (/^f(?:it|describe|context|test)$/.test(root)) modifiers.add('only')
  for (const name of names) {
    if (name === 'skip' || name === 'only' || name === 'todo' || name === 'failing') modifiers.add(name)
    if (name === 'skipIf' || name === 'runIf') modifiers.add('skip')
    if (name === 'fails') modifiers.add('failing')
  }
  for (const argument of call.arguments) {
    if (argument.type !== 'ObjectExpression') continue
    for (const property of argument.properties) {
      if (property.type !== 'ObjectProperty' || property.key.type !== 'Identifier') continue
      const { name } = property.key
      const isOff = property.value.type === 'BooleanLiteral' && !property.value.value
      if (!isOff && (name === 'skip' || name === 'only' || name === 'todo')) modifiers.add(name)
    }
  }
  return modifiers
}

function casesOf(callee: Node): number | undefined {
  if (callee.type !== 'CallExpression') return undefined
  const [table] = callee.arguments
  return table?.type === 'ArrayExpression' ? table.elements.length : undefined
}

function titleOf(node: Node, text: string): string {
  if (node.type === 'StringLiteral') return node.value
  return sourceOf(text, node).replace(/\s+/g, ' ').slice(0, 200)
}

interface Place {
  readonly guarded: boolean
  readonly conditional: boolean
  /** In the test's own function, not in one that it defines. */
  readonly own: boolean
  readonly depth: number
}

/** What happens inside one test, without its subtests. */
class Content {
  readonly assertions: Assertion[] = []
  readonly hazards = new Set<TestHazard>()
  readonly modifiers = new Set<TestModifier>()
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  read(root: Node, place: Place): void {
    const isTestFunction = place.depth === 0
    for (const child of childrenOf(root))
      this.#visit(child, { ...place, own: isTestFunction || place.own, depth: place.depth + 1 })
  }

  #visit(node: Node, place: Place): void {
    if (place.depth > maxDepth) return
    if (node.type === 'CallExpression') {
      if (readDeclaration(node, this.#text) !== undefined) return
      this.#call(node, place)
    }
    if (
      node.type === 'ReturnStatement' &&
      place.own &&
      (node.argument == null || isPlainValue(node.argument))
    ) {
      this.hazards.add('early-return')
    }
    if (node.type === 'TryStatement') {
      const swallows = node.handler != null && !mentionsFailure(sourceOf(this.#text, node.handler.body))
      this.#visit(node.block, { ...place, guarded: place.guarded || swallows, depth: place.depth + 1 })
      if (node.handler != null) this.read(node.handler, place)
      if (node.finalizer != null) this.read(node.finalizer, place)
      return
    }
    const conditional =
      place.conditional || node.type === 'IfStatement' || node.type === 'ConditionalExpression'
    this.read(node, { ...place, conditional, own: place.own && !isFunction(node) })
  }

  #call(node: CallExpression, place: Place): void {
    const names = calleeNames(node.callee)
    if (names.length === 2 && names[1] === 'skip' && /^(?:t|ctx|context|this|test|it)$/.test(names[0] ?? ''))
      this.modifiers.add('skip')
    if (names.length === 2 && names[1] === 'todo' && names[0] === 't') this.modifiers.add('todo')
    if (sourceOf(this.#text, node.callee) === 'this.skip') this.modifiers.add('skip')
    const assertion = readAssertion(node, this.#text)
    if (assertion === undefined) return
    this.assertions.push(assertion)
    if (place.guarded) this.hazards.add('swallowed-errors')
    if (place.conditional) this.hazards.add('conditional-assertions')
  }
}

function isFunction(node: Node): boolean {
  return /^(?:FunctionExpression|ArrowFunctionExpression|FunctionDeclaration|ObjectMethod|ClassMethod)$/.test(
    node.type,
  )
}

/** A test may return a promise; it has no reason to return a value. */
function isPlainValue(node: Expression): boolean {
  return /Literal$/.test(node.type) || (node.type === 'Identifier' && node.name === 'undefined')
}

/** A handler that throws, asserts or fails does not hide an error. */
function mentionsFailure(handler: string): boolean {
  return /\bthrow\b|\bexpect\b|\bassert\b|\bfail\b|\bt\.\w|\bdone\(|\breject\(|\bshould\b/.test(handler)
}

function sourceOf(text: string, node: Node | undefined): string {
  return node?.start == null || node.end == null ? '' : text.slice(node.start, node.end)
}
