import { functionOf, precedence, precedenceOf } from '../syntax/index.ts'
import type { PythonNode, PythonTree } from '../syntax/index.ts'
import type { FileFacts } from './file-facts.ts'
import { namesIn } from './file-facts.ts'
import type { Ingredient } from './ingredients.ts'

/** Something that can be asked at a place. */
export interface Condition {
  readonly text: string
  readonly precedence: number
  /** 0 … 1, how likely it is that just this is to be asked. */
  readonly weight: number
}

const mostNames = 12

/** Questions about what is at hand, and those that the file asks elsewhere; likeliest first. */
export function conditionsFrom(
  node: PythonNode,
  ingredients: readonly Ingredient[],
  facts: FileFacts,
  tree: PythonTree,
): readonly Condition[] {
  const found = new Map<string, Condition>()
  const add = (text: string, own: number, weight: number): void => {
    if ((found.get(text)?.weight ?? 0) < weight) found.set(text, { text, precedence: own, weight })
  }
  const data = ingredients.filter(
    ({ shape, binding }) => binding !== 'import' && shape !== 'function' && shape !== 'class',
  )
  for (const ingredient of data.slice(0, mostNames)) askAbout(ingredient, add)
  askAboutPairs(data.slice(0, 8), add)
  const visible = new Set(ingredients.map(({ text }) => text))
  const around = functionOf(node)
  for (const borrowed of facts.conditions) {
    if (![...namesIn(borrowed, tree)].every((name) => visible.has(name) || builtins.has(name))) continue
    const near = functionOf(borrowed) === around ? 0.4 : 0.12
    add(tree.textOf(borrowed), precedenceOf(borrowed), near)
  }
  return [...found.values()].sort((left, right) => right.weight - left.weight)
}

const builtins = new Set([
  'len',
  'isinstance',
  'any',
  'all',
  'list',
  'dict',
  'set',
  'str',
  'int',
  'float',
  'tuple',
  'bool',
  'abs',
])

type Add = (text: string, own: number, weight: number) => void

function askAbout({ text, shape, relevance }: Ingredient, add: Add): void {
  const factor = 0.4 + relevance * 0.6
  const isCollection = shape === 'list' || shape === 'set' || shape === 'dict' || shape === 'string'
  if (shape !== 'number') {
    add(text, precedence.primary, 0.6 * factor)
    add(`not ${text}`, precedence.not, 0.6 * factor)
    if (!isCollection) {
      add(`${text} is None`, precedence.comparison, 0.45 * factor)
      add(`${text} is not None`, precedence.comparison, 0.45 * factor)
    }
  }
  if (shape === 'number' || shape === 'unknown') {
    const known = shape === 'number' ? 1 : 0.5
    add(`${text} == 0`, precedence.comparison, 0.6 * factor * known)
    add(`${text} > 0`, precedence.comparison, 0.35 * factor * known)
    add(`${text} != 0`, precedence.comparison, 0.25 * factor * known)
    add(`${text} < 0`, precedence.comparison, 0.25 * factor * known)
    add(`${text} >= 0`, precedence.comparison, 0.2 * factor * known)
    add(`${text} <= 0`, precedence.comparison, 0.15 * factor * known)
    add(`${text} == 1`, precedence.comparison, 0.15 * factor * known)
  }
  if (isCollection || shape === 'unknown') {
    add(`len(${text}) > 1`, precedence.comparison, 0.08 * factor)
    add(`len(${text}) <= 1`, precedence.comparison, 0.08 * factor)
  }
}

/** Membership and order among two things at hand. */
function askAboutPairs(data: readonly Ingredient[], add: Add): void {
  for (const left of data) {
    for (const right of data) {
      if (left === right) continue
      const factor = 0.3 + left.relevance * right.relevance * 0.7
      const isContainer = right.shape === 'set' || right.shape === 'dict' || right.shape === 'list'
      if (isContainer && left.kind === 'name') {
        add(`${left.text} in ${right.text}`, precedence.comparison, 0.25 * factor)
        add(`${left.text} not in ${right.text}`, precedence.comparison, 0.25 * factor)
      }
      if (isContainer || left.text > right.text || left.shape === 'set') continue
      for (const operator of ['<', '<=', '>', '>=', '==', '!='])
        add(`${left.text} ${operator} ${right.text}`, precedence.comparison, 0.12 * factor)
    }
  }
}
