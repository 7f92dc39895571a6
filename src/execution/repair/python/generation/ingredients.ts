import type { Vocabulary } from '../../evidence/index.ts'
import { wordsOf } from '../../syntax/index.ts'
import { functionOf, statementOf } from '../syntax/index.ts'
import type { Binding, PythonNode, PythonTree, Scopes, Shape } from '../syntax/index.ts'
import type { FileFacts } from './file-facts.ts'
import { namesIn } from './file-facts.ts'

/** An expression without effects that may be read at a place. */
export interface Ingredient {
  readonly text: string
  readonly kind: 'name' | 'member'
  readonly shape: Shape
  /** Whether it is bound by the function that the place is in. */
  readonly own: boolean
  readonly binding: Binding['kind']
  /** A name that begins empty or with a constant and is never changed: something may be missing. */
  readonly idle: boolean
  /** 0 … 1: nearness of the declaration, use nearby, mention by the tests. */
  readonly relevance: number
}

const fillers = new Set(['append', 'extend', 'insert', 'add', 'update', 'setdefault', 'appendleft', 'push'])

const nearness = { own: 0.5, outer: 0.3, module: 0.12, callable: 0.06 } as const
const longestMember = 40

/** Collects, per statement, what can be read there. */
export class Pantry {
  readonly #tree: PythonTree
  readonly #scopes: Scopes
  readonly #facts: FileFacts
  readonly #vocabulary: Vocabulary
  readonly #shapes: ReadonlyMap<string, Shape>
  readonly #cache = new Map<PythonNode, readonly Ingredient[]>()

  constructor(tree: PythonTree, scopes: Scopes, facts: FileFacts, vocabulary: Vocabulary) {
    this.#tree = tree
    this.#scopes = scopes
    this.#facts = facts
    this.#vocabulary = vocabulary
    this.#shapes = shapesByUse(facts)
  }

  /** Most relevant first. */
  at(node: PythonNode): readonly Ingredient[] {
    const anchor = anchorOf(node)
    const cached = this.#cache.get(anchor)
    if (cached !== undefined) return cached
    const gathered = this.#gather(anchor)
    this.#cache.set(anchor, gathered)
    return gathered
  }

  #gather(anchor: PythonNode): readonly Ingredient[] {
    const statement = statementOf(anchor) ?? anchor
    const { text } = this.#tree
    const own = text.slice(statement.start, Math.min(statement.end, statement.start + 300))
    const nearby = text.slice(
      Math.max(0, statement.start - 300),
      Math.min(statement.end, statement.start + 500),
    )
    const ingredients: Ingredient[] = []
    const visible = new Map<string, Ingredient>()
    for (const binding of this.#scopes.visibleAt(anchor)) {
      const { name, kind, own: isOwn, outermost } = binding
      const callable = kind === 'function' || kind === 'class' || kind === 'import'
      const near = callable
        ? nearness.callable
        : isOwn
          ? nearness.own
          : outermost
            ? nearness.module
            : nearness.outer
      // What is bound only further down may be meant in a loop at most.
      const early = binding.start > statement.end && isOwn ? 0.4 : 1
      const shape =
        binding.shape === 'unknown' || binding.shape === 'none'
          ? (this.#shapes.get(name) ?? 'unknown')
          : binding.shape
      const relevance = this.#relevance(name, near, own, nearby) * early
      const ingredient: Ingredient = {
        text: name,
        kind: 'name',
        shape: callable
          ? kind === 'import'
            ? binding.shape
            : kind === 'class'
              ? 'class'
              : 'function'
          : shape,
        own: isOwn,
        binding: kind,
        idle: this.#isIdle(binding, shape),
        relevance,
      }
      visible.set(name, ingredient)
      ingredients.push(ingredient)
    }
    ingredients.push(...this.#members(anchor, visible, own, nearby))
    return ingredients.sort(
      (left, right) => right.relevance - left.relevance || left.text.localeCompare(right.text),
    )
  }

  /** Attributes and subscripts that the same function reads. */
  #members(
    anchor: PythonNode,
    visible: ReadonlyMap<string, Ingredient>,
    own: string,
    nearby: string,
  ): readonly Ingredient[] {
    const members = new Map<string, Ingredient>()
    for (const node of this.#facts.expressions.get(functionOf(anchor)) ?? []) {
      if (node.type !== 'attribute' && node.type !== 'subscript') continue
      if (node.field === 'function' || node.end - node.start > longestMember) continue
      const text = this.#tree.textOf(node)
      if (members.has(text) || ![...namesIn(node, this.#tree)].every((name) => visible.has(name))) continue
      const relevance = this.#relevance(text, nearness.own * 0.7, own, nearby)
      members.set(text, {
        text,
        kind: 'member',
        shape: 'unknown',
        own: true,
        binding: 'local',
        idle: false,
        relevance,
      })
    }
    return [...members.values()]
  }

  #isIdle({ name, kind, value, writes }: Binding, shape: Shape): boolean {
    if (kind !== 'local' || writes !== 1 || value === null) return false
    const isContainer = shape === 'list' || shape === 'set' || shape === 'dict'
    if (!isContainer) return /^(?:none|integer|float|true|false|string)$/.test(value.type)
    const isEmpty = /^(?:\[\]|\{\}|\w+\(\))$/.test(this.#tree.textOf(value))
    const used = [...(this.#facts.attributesOf.get(name) ?? [])]
    return isEmpty && !used.some((method) => fillers.has(method)) && !this.#facts.stored.has(name)
  }

  #relevance(text: string, near: number, own: string, nearby: string): number {
    const used = mentions(own, text) ? 0.3 : mentions(nearby, text) ? 0.12 : 0
    const last = text.slice(text.lastIndexOf('.') + 1)
    let spoken = (this.#vocabulary.names.get(last) ?? 0) * 0.3
    if (spoken === 0) {
      const words = wordsOf(last)
      const heard = words.reduce((sum, word) => sum + (this.#vocabulary.words.get(word) ?? 0), 0)
      spoken = words.length === 0 ? 0 : (heard / words.length) * 0.12
    }
    return Math.min(1, near + used + spoken)
  }
}

/** Names that a comprehension or lambda binds are visible only inside it. */
function anchorOf(node: PythonNode): PythonNode {
  for (let at: PythonNode | null = node; at !== null; at = at.parent) {
    if (/_comprehension$|^generator_expression$|^lambda$/.test(at.type)) return at
    if (at.parent?.type === 'block' || at.parent?.type === 'module') return at
  }
  return node
}

const methodShapes: readonly (readonly [Shape, ReadonlySet<string>])[] = [
  ['list', new Set(['append', 'extend', 'insert', 'sort', 'reverse'])],
  ['set', new Set(['add', 'discard', 'union', 'issubset', 'issuperset', 'difference'])],
  ['dict', new Set(['items', 'keys', 'values', 'setdefault'])],
  ['string', new Set(['lower', 'upper', 'strip', 'split', 'startswith', 'endswith', 'join', 'format'])],
]

function shapesByUse(facts: FileFacts): ReadonlyMap<string, Shape> {
  const shapes = new Map<string, Shape>()
  for (const [object, attributes] of facts.attributesOf) {
    const found = methodShapes.find(([, methods]) => [...attributes].some((name) => methods.has(name)))
    if (found !== undefined) shapes.set(object, found[0])
  }
  return shapes
}

function mentions(text: string, word: string): boolean {
  const at = text.indexOf(word)
  return at >= 0 && !/\w/.test(text[at + word.length] ?? '') && !/[\w.]/.test(text[at - 1] ?? '')
}
