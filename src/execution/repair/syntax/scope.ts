import type { Node } from '@babel/types'

type BindingKind = 'parameter' | 'variable' | 'constant' | 'function' | 'class' | 'import' | 'caught'

/** A name that a program declares. */
export interface Binding {
  readonly name: string
  readonly kind: BindingKind
  /** Offset from which it may be read in its own function; 0 where declarations are hoisted. */
  readonly from: number
  /** What it is initialised with, if that stands in its declaration. */
  readonly initial: Node | null
  /** TypeScript annotation, if any. */
  readonly annotation: Node | null
}

/** A region in which names are visible. Built while the tree is walked in the order of the text. */
export class Scope {
  readonly kind: 'module' | 'function' | 'block'
  readonly parent: Scope | null
  private readonly own = new Map<string, Binding>()

  constructor(kind: Scope['kind'], parent: Scope | null) {
    this.kind = kind
    this.parent = parent
  }

  /** Names declared here, in the order of declaration. */
  get bindings(): ReadonlyMap<string, Binding> {
    return this.own
  }

  lookup(name: string): Binding | undefined {
    return this.own.get(name) ?? this.parent?.lookup(name)
  }

  /** The names that may be read at an offset inside this scope, innermost first; shadowed ones are left out. */
  visibleAt(offset: number): readonly (Binding & { readonly depth: number })[] {
    const seen = new Set<string>()
    const visible: (Binding & { readonly depth: number })[] = []
    let sameFunction = true
    let depth = 0
    for (const scope of this.outwards()) {
      for (const binding of scope.own.values()) {
        if (seen.has(binding.name)) continue
        seen.add(binding.name)
        if (!sameFunction || binding.from <= offset) visible.push({ ...binding, depth })
      }
      if (scope.kind === 'function') {
        sameFunction = false
        depth += 1
      }
    }
    return visible
  }

  private *outwards(): Iterable<Scope> {
    yield this
    if (this.parent !== null) yield* this.parent.outwards()
  }

  /** Records what a node declares. Called by the tree builder for every node, with the scope that the node opens. */
  declare(node: Node, parent: Node, key: string): void {
    switch (node.type) {
      case 'VariableDeclaration': {
        const target = node.kind === 'var' ? this.functionScope() : this
        for (const declarator of node.declarations) {
          target.addPattern(declarator.id, {
            kind: node.kind === 'const' ? 'constant' : 'variable',
            from: declarator.end ?? 0,
            initial: declarator.id.type === 'Identifier' ? (declarator.init ?? null) : null,
          })
        }
        return
      }
      case 'FunctionDeclaration':
        if (node.id) this.outer().addPattern(node.id, { kind: 'function', from: 0, initial: node })
        this.addParameters(node.params)
        return
      case 'FunctionExpression':
        if (node.id) this.addPattern(node.id, { kind: 'function', from: 0, initial: node })
        this.addParameters(node.params)
        return
      case 'ArrowFunctionExpression':
      case 'ObjectMethod':
      case 'ClassMethod':
      case 'ClassPrivateMethod':
        this.addParameters(node.params)
        return
      case 'ClassDeclaration':
        if (node.id) this.addPattern(node.id, { kind: 'class', from: node.end ?? 0, initial: node })
        return
      case 'ImportSpecifier':
      case 'ImportDefaultSpecifier':
      case 'ImportNamespaceSpecifier':
        if (parent.type === 'ImportDeclaration' && parent.importKind === 'type') return
        this.addPattern(node.local, { kind: 'import', from: 0, initial: null })
        return
      case 'CatchClause':
        if (node.param && key === 'handler') {
          this.addPattern(node.param, { kind: 'caught', from: 0, initial: null })
        }
        return
      default:
    }
  }

  private outer(): Scope {
    return this.parent ?? this
  }

  private functionScope(): Scope {
    return this.kind === 'block' && this.parent !== null ? this.parent.functionScope() : this
  }

  private addParameters(parameters: readonly Node[]): void {
    for (const parameter of parameters) {
      this.addPattern(parameter, { kind: 'parameter', from: 0, initial: null })
    }
  }

  private addPattern(pattern: Node, binding: Pick<Binding, 'kind' | 'from' | 'initial'>): void {
    switch (pattern.type) {
      case 'Identifier':
        if (pattern.name !== 'this' && !this.own.has(pattern.name)) {
          const annotation = pattern.typeAnnotation ?? null
          this.own.set(pattern.name, { name: pattern.name, annotation, ...binding })
        }
        return
      case 'ObjectPattern':
        for (const property of pattern.properties) {
          this.addPattern(property.type === 'RestElement' ? property.argument : property.value, binding)
        }
        return
      case 'ArrayPattern':
        for (const element of pattern.elements) if (element) this.addPattern(element, binding)
        return
      case 'AssignmentPattern':
        this.addPattern(pattern.left, { ...binding, initial: pattern.right })
        return
      case 'RestElement':
        this.addPattern(pattern.argument, binding)
        return
      case 'TSParameterProperty':
        this.addPattern(pattern.parameter, binding)
        return
      default:
    }
  }
}

/** The scope inside a node: a new one where the language opens one, else the one around it. */
export function openScope(node: Node, outer: Scope, key: string): Scope {
  switch (node.type) {
    case 'FunctionDeclaration':
    case 'FunctionExpression':
    case 'ArrowFunctionExpression':
    case 'ObjectMethod':
    case 'ClassMethod':
    case 'ClassPrivateMethod':
      return new Scope('function', outer)
    case 'BlockStatement':
      // The body of a function shares the scope of its parameters.
      return key === 'body' && outer.kind === 'function' ? outer : new Scope('block', outer)
    case 'ForStatement':
    case 'ForInStatement':
    case 'ForOfStatement':
    case 'SwitchStatement':
    case 'CatchClause':
    case 'StaticBlock':
      return new Scope('block', outer)
    default:
      return outer
  }
}
