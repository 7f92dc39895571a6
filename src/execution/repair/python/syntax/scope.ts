import { descendantsOf, fieldOf, functionOf, namedChildren } from './queries.ts'
import type { PythonNode, PythonTree } from './tree.ts'

/** What is known of the kind of a value. */
export type Shape =
  | 'list'
  | 'set'
  | 'dict'
  | 'number'
  | 'string'
  | 'boolean'
  | 'none'
  | 'function'
  | 'class'
  | 'module'
  | 'unknown'

/** A name and where it is first given a value. */
export interface Binding {
  readonly name: string
  readonly kind: 'parameter' | 'local' | 'function' | 'class' | 'import'
  readonly start: number
  readonly shape: Shape
  /** The expression that it is first given. */
  readonly value: PythonNode | null
  /** How often it is given a value in the text. */
  readonly writes: number
}

/** The names that the functions, classes and comprehensions of a file bind. */
export class Scopes {
  readonly #tree: PythonTree
  readonly #byOwner = new Map<PythonNode, Map<string, Binding>>()

  constructor(tree: PythonTree) {
    this.#tree = tree
    for (const node of tree.nodes) this.#visit(node)
  }

  /** Names that can be read at a node, innermost first; `own` are those of its own function and comprehensions. */
  *visibleAt(node: PythonNode): Iterable<Binding & { readonly own: boolean; readonly outermost: boolean }> {
    const seen = new Set<string>()
    const around = functionOf(node)
    let isOwn = true
    for (let at: PythonNode | null = node; at !== null; at = at.parent) {
      const isOutermost = at.type === 'module'
      // Names of a class body are not visible in its methods.
      if (at.type === 'class_definition' && around !== null && isInside(around, at)) continue
      for (const binding of this.#byOwner.get(at)?.values() ?? []) {
        if (seen.has(binding.name)) continue
        seen.add(binding.name)
        yield { ...binding, own: isOwn && !(isOutermost && around !== null), outermost: isOutermost }
      }
      if (at === around) isOwn = false
    }
  }

  bindingsOf(owner: PythonNode): ReadonlyMap<string, Binding> {
    return this.#byOwner.get(owner) ?? new Map<string, Binding>()
  }

  #visit(node: PythonNode): void {
    switch (node.type) {
      case 'function_definition':
      case 'class_definition': {
        const name = fieldOf(node, 'name')
        const kind = node.type === 'class_definition' ? 'class' : 'function'
        if (name !== null) this.#add(ownerOf(node), name, kind, kind, null)
        return
      }
      case 'parameters':
      case 'lambda_parameters':
        for (const parameter of namedChildren(node)) this.#addParameter(node, parameter)
        return
      case 'assignment': {
        const [left, right] = [fieldOf(node, 'left'), fieldOf(node, 'right')]
        if (left !== null) this.#addTargets(ownerOf(node), left, right)
        return
      }
      case 'augmented_assignment': {
        const left = fieldOf(node, 'left')
        const known =
          left === null ? undefined : this.#byOwner.get(ownerOf(node))?.get(this.#tree.textOf(left))
        if (left !== null && known !== undefined) this.#addTargets(ownerOf(node), left, known.value)
        return
      }
      case 'for_statement':
      case 'for_in_clause': {
        const left = fieldOf(node, 'left')
        const owner = node.type === 'for_in_clause' ? node.parent : ownerOf(node)
        if (left !== null && owner !== null) this.#addTargets(owner, left, null)
        return
      }
      case 'as_pattern_target':
        this.#addTargets(ownerOf(node), node, null)
        return
      case 'named_expression': {
        const name = fieldOf(node, 'name')
        if (name !== null) this.#add(ownerOf(node), name, 'local', 'unknown', fieldOf(node, 'value'))
        return
      }
      case 'import_statement':
      case 'import_from_statement':
        this.#addImports(node)
        return
      default:
    }
  }

  #addParameter(list: PythonNode, parameter: PythonNode): void {
    const owner = list.parent
    if (owner === null) return
    const name =
      parameter.type === 'identifier'
        ? parameter
        : (fieldOf(parameter, 'name') ??
          [...descendantsOf(parameter)].find(({ type }) => type === 'identifier'))
    const value = fieldOf(parameter, 'value')
    if (name !== undefined) this.#add(owner, name, 'parameter', this.#shapeOf(value), value)
  }

  #addTargets(owner: PythonNode, target: PythonNode, value: PythonNode | null): void {
    if (target.type === 'identifier') this.#add(owner, target, 'local', this.#shapeOf(value), value)
    else if (target.type !== 'attribute' && target.type !== 'subscript') {
      for (const child of namedChildren(target)) this.#addTargets(owner, child, null)
    }
  }

  #shapeOf(value: PythonNode | null): Shape {
    const callee = value?.type === 'call' ? fieldOf(value, 'function') : null
    return callee === null ? shapeOf(value) : (constructed[this.#tree.textOf(callee)] ?? 'unknown')
  }

  #addImports(node: PythonNode): void {
    const isFrom = node.type === 'import_from_statement'
    for (const child of namedChildren(node)) {
      if (child.field === 'module_name') continue
      const name = child.type === 'aliased_import' ? fieldOf(child, 'alias') : namedChildren(child)[0]
      if (name !== undefined && name !== null)
        this.#add(ownerOf(node), name, 'import', isFrom ? 'unknown' : 'module', null)
    }
  }

  #add(
    owner: PythonNode,
    name: PythonNode,
    kind: Binding['kind'],
    shape: Shape,
    value: PythonNode | null,
  ): void {
    const text = this.#tree.textOf(name)
    const bindings = this.#byOwner.get(owner) ?? new Map<string, Binding>()
    this.#byOwner.set(owner, bindings)
    const known = bindings.get(text)
    if (known === undefined) {
      bindings.set(text, { name: text, kind, start: name.start, shape, value, writes: 1 })
      return
    }
    const isVague = known.shape === 'none' || (known.kind === 'local' && known.shape === 'unknown')
    bindings.set(text, { ...known, shape: isVague ? shape : known.shape, writes: known.writes + 1 })
  }
}

/** What constructors make. */
const constructed: Readonly<Record<string, Shape>> = {
  list: 'list',
  sorted: 'list',
  deque: 'list',
  set: 'set',
  dict: 'dict',
  defaultdict: 'dict',
  Counter: 'dict',
  OrderedDict: 'dict',
  str: 'string',
  int: 'number',
  float: 'number',
  len: 'number',
  sum: 'number',
  abs: 'number',
}

/** What an expression evidently is. */
function shapeOf(node: PythonNode | null): Shape {
  switch (node?.type) {
    case 'list':
    case 'list_comprehension':
      return 'list'
    case 'set':
    case 'set_comprehension':
      return 'set'
    case 'dictionary':
    case 'dictionary_comprehension':
      return 'dict'
    case 'integer':
    case 'float':
      return 'number'
    case 'string':
    case 'concatenated_string':
      return 'string'
    case 'true':
    case 'false':
    case 'comparison_operator':
    case 'not_operator':
      return 'boolean'
    case 'none':
      return 'none'
    case 'lambda':
      return 'function'
    case 'unary_operator':
      return 'number'
    default:
      return 'unknown'
  }
}

/** The function, class or module whose name space a statement binds in. */
function ownerOf(node: PythonNode): PythonNode {
  let at = node
  while (at.parent !== null) {
    at = at.parent
    if (at.type === 'function_definition' || at.type === 'class_definition') return at
  }
  return at
}

function isInside(inner: PythonNode, outer: PythonNode): boolean {
  return outer.start <= inner.start && inner.end <= outer.end
}
