import type { Vocabulary } from '../evidence/index.ts'
import { descendantsOf, functionOf, isPure, isSite, isValue, statementOf, wordsOf } from '../syntax/index.ts'
import type { Site, SourceTree } from '../syntax/index.ts'
import { shapeOf, shapeOfBinding } from './shapes.ts'
import type { Shape } from './shapes.ts'

/** An expression without effects that may be read at a place. */
export interface Ingredient {
  readonly text: string
  /** The name it begins with, or `this`. */
  readonly root: string
  readonly kind: 'name' | 'member'
  /** How a name is declared; of a member, how its root is. */
  readonly origin: 'parameter' | 'local' | 'outer' | 'module' | 'this'
  readonly shape: Shape
  /** 0 … 1: nearness of the declaration, use nearby, mention by the tests. */
  readonly relevance: number
}

const longestMember = 48

const nearness = { parameter: 0.5, local: 0.5, outer: 0.3, module: 0.12, this: 0.35 } as const

/** Collects, per statement, what can be read there. */
export class Pantry {
  private readonly tree: SourceTree
  private readonly vocabulary: Vocabulary
  private readonly shapes: ReadonlyMap<string, Shape>
  private readonly byStatement = new Map<Site, readonly Ingredient[]>()
  private readonly membersByFunction = new Map<Site | null, ReadonlyMap<string, Site>>()

  constructor(tree: SourceTree, vocabulary: Vocabulary, shapes: ReadonlyMap<string, Shape>) {
    this.tree = tree
    this.vocabulary = vocabulary
    this.shapes = shapes
  }

  /** Most relevant first. */
  at(site: Site): readonly Ingredient[] {
    const statement = statementOf(site) ?? this.tree.root
    // Inside an expression's own function other names are visible than at its statement.
    const anchor = functionOf(site) === functionOf(statement) ? statement : site
    const cached = this.byStatement.get(anchor)
    if (cached !== undefined) return cached
    const gathered = this.gather(anchor, statement)
    this.byStatement.set(anchor, gathered)
    return gathered
  }

  private gather(site: Site, statement: Site): readonly Ingredient[] {
    const nearby = this.tree.text.slice(
      Math.max(0, statement.start - 300),
      Math.min(statement.end, statement.start + 500),
    )
    const own = this.tree.text.slice(statement.start, Math.min(statement.end, statement.start + 300))
    const ingredients = new Map<string, Ingredient>()
    const origins = new Map<string, Ingredient['origin']>()
    for (const binding of site.scope.visibleAt(site.start)) {
      const origin = originOf(binding, site)
      origins.set(binding.name, origin)
      const relevance = this.relevance(binding.name, nearness[origin], own, nearby)
      const shape = shapeOfBinding(binding, this.shapes)
      ingredients.set(binding.name, {
        text: binding.name,
        root: binding.name,
        kind: 'name',
        origin,
        shape,
        relevance,
      })
    }
    for (const [text, member] of this.members(functionOf(site))) {
      const root = rootOf(member)
      const origin = root === 'this' ? 'this' : origins.get(root ?? '')
      if (root === null || origin === undefined) continue
      const relevance = this.relevance(text, nearness[origin] * 0.9, own, nearby)
      const shape = this.shapes.get(text) ?? shapeOf(member.node)
      ingredients.set(text, { text, root, kind: 'member', origin, shape, relevance })
    }
    return [...ingredients.values()].sort(
      (left, right) => right.relevance - left.relevance || left.text.localeCompare(right.text),
    )
  }

  private relevance(text: string, near: number, own: string, nearby: string): number {
    const used = mentions(own, text) ? 0.3 : mentions(nearby, text) ? 0.12 : 0
    const last = text.slice(text.lastIndexOf('.') + 1)
    let spoken = (this.vocabulary.names.get(last) ?? 0) * 0.3
    if (spoken === 0) {
      const words = wordsOf(last)
      const heard = words.reduce((sum, word) => sum + (this.vocabulary.words.get(word) ?? 0), 0)
      spoken = words.length === 0 ? 0 : (heard / words.length) * 0.12
    }
    return Math.min(1, near + used + spoken)
  }

  /** Pure member expressions used in a function, and `this.…` of the methods beside it. */
  private members(around: Site | null): ReadonlyMap<string, Site> {
    const cached = this.membersByFunction.get(around)
    if (cached !== undefined) return cached
    const members = new Map<string, Site>()
    const collect = (scope: Site, only?: string): void => {
      for (const site of descendantsOf(scope)) {
        if (!isSite(site, 'MemberExpression') || !isPure(site.node) || site.end - site.start > longestMember)
          continue
        if (isSite(site.parent, 'CallExpression', 'OptionalCallExpression') && site.key === 'callee') continue
        if (!isValue(site) && !(site.key === 'left' && !site.node.computed)) continue
        const text = this.tree.textOf(site)
        if (only !== undefined && !text.startsWith(only)) continue
        if (!members.has(text) && !text.includes('\n')) members.set(text, site)
      }
    }
    if (around === null) return members
    collect(around)
    const owner = around.parent?.parent ?? null
    if (isSite(around.parent, 'ClassBody')) collect(around.parent, 'this.')
    else if (isSite(owner, 'ObjectExpression', 'Program')) collect(owner, 'this.')
    this.membersByFunction.set(around, members)
    return members
  }
}

function originOf(
  binding: { readonly kind: string; readonly depth: number; readonly name: string },
  site: Site,
): Ingredient['origin'] {
  const inFunction = functionOf(site) !== null
  if (binding.depth === 0 && inFunction) return binding.kind === 'parameter' ? 'parameter' : 'local'
  let scope: Site['scope'] | null = site.scope
  while (scope !== null && !scope.bindings.has(binding.name)) scope = scope.parent
  for (let at = scope; at !== null; at = at.parent) if (at.kind === 'function') return 'outer'
  return 'module'
}

/** The name that a chain of members begins with. */
function rootOf(site: Site): string | null {
  let { node } = site
  while (node.type === 'MemberExpression' || node.type === 'OptionalMemberExpression') node = node.object
  if (node.type === 'ThisExpression') return 'this'
  return node.type === 'Identifier' ? node.name : null
}

function mentions(text: string, word: string): boolean {
  const at = text.indexOf(word)
  return at >= 0 && !/[\w$]/.test(text[at + word.length] ?? '') && !/[\w$.]/.test(text[at - 1] ?? '')
}
