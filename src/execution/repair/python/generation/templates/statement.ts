import { functionOf, isCompound, isInLoop, isJump, isStatement, namedChildren } from '../../syntax/index.ts'
import type { PythonNode, PythonTree } from '../../syntax/index.ts'
import { insertAfter, insertBefore, removeStatement, startsItsLine } from '../edits.ts'
import type { Label } from '../edits.ts'
import { namesIn } from '../file-facts.ts'
import type { FileContext, Template } from '../template.ts'
import type { Proposal } from '../../../generation/index.ts'

/** A statement is missing, superfluous or in the wrong place. */
export const template: Template = {
  name: 'statement',
  fault: 'A statement is missing, or stands where it should not.',
  *propose(node, context) {
    if (!isStatement(node) || functionOf(node) === null || isDefinition(node)) return
    yield* removed(node, context)
    yield* moved(node, context)
    for (const { code, weight, description, variant } of missing(node, context)) {
      const label = { variant, weight, description }
      yield* orNothing(insertBefore(node, code, context.tree, label))
      if (isLast(node) && !isJump(node)) yield* orNothing(insertAfter(node, code, context.tree, label))
    }
  },
}

function* removed(node: PythonNode, { tree }: FileContext): Iterable<Proposal> {
  const first = tree.textOf(node).split('\n', 1)[0] ?? ''
  const label = { variant: 'remove', weight: isCompound(node) ? 0.05 : 0.08, description: `remove ${first}` }
  yield* orNothing(removeStatement(node, tree, label))
}

function* moved(node: PythonNode, { tree }: FileContext): Iterable<Proposal> {
  const siblings = node.parent === null ? [] : namedChildren(node.parent)
  const next = siblings[siblings.indexOf(node) + 1]
  if (!startsItsLine(node, tree)) return
  const own = tree.textOf(node).trimEnd()
  if (next !== undefined && startsItsLine(next, tree)) {
    const other = tree.textOf(next).trimEnd()
    const between = tree.text.slice(node.start + own.length, next.start)
    yield {
      variant: 'exchange',
      start: node.start,
      end: next.start + other.length,
      replacement: `${other}${between}${own}`,
      weight: 0.14,
      description: `do ${firstLine(other)} before ${firstLine(own)}`,
    }
  }
  yield* movedOut(node, siblings, tree)
}

/** The last statement of a body goes behind the statement that has the body. */
function* movedOut(node: PythonNode, siblings: readonly PythonNode[], tree: PythonTree): Iterable<Proposal> {
  const owner = node.parent?.parent
  if (siblings.at(-1) !== node || siblings.length < 2 || owner === null || owner === undefined) return
  if (isCompound(node) || !/^(?:if|for|while|with)_statement$/.test(owner.type)) return
  const start = tree.text.lastIndexOf('\n', node.start) + 1
  if (tree.text.slice(start, node.start).trim() !== '' || owner.end !== node.end) return
  yield {
    variant: 'dedent',
    start,
    end: node.start,
    replacement: tree.indentationAt(owner.start),
    weight: 0.12,
    description: `do ${firstLine(tree.textOf(node))} after the ${owner.type.split('_', 1)[0] ?? ''}`,
  }
}

interface Missing extends Label {
  readonly code: string
}

const mostMade = 40

/** Statements that could stand in front of a place. */
function* missing(node: PythonNode, context: FileContext): Iterable<Missing> {
  const made = [
    ...updates(node, context),
    ...assignments(node, context),
    ...exits(node),
    ...borrowed(node, context),
  ]
  made.sort((left, right) => right.weight - left.weight)
  const seen = new Set<string>()
  for (const one of made) {
    if (one.weight < context.leastWeight || seen.has(one.code) || seen.size >= mostMade) continue
    seen.add(one.code)
    yield one
  }
}

const adders: Readonly<Record<string, readonly string[]>> = { list: ['append', 'extend'], set: ['add'] }

/** `items.append(x)`, `seen.add(x)`. */
function* updates(node: PythonNode, context: FileContext): Iterable<Missing> {
  const ingredients = context.ingredientsAt(node)
  for (const container of ingredients) {
    const known = [...(context.facts.attributesOf.get(container.text) ?? [])]
    const methods =
      adders[container.shape] ?? known.filter((method) => /^(?:append|add|update|push|extend)$/.test(method))
    if (container.kind !== 'name' || container.binding === 'import') continue
    for (const method of methods) {
      for (const { text, binding, shape, relevance, kind } of ingredients.slice(0, 12)) {
        if (text === container.text || binding === 'import' || /^(?:function|class|module)$/.test(shape))
          continue
        const seldom =
          (method === 'extend' ? 0.3 : 1) * (kind === 'member' ? 0.5 : 1) * (container.idle ? 3 : 1)
        yield {
          variant: 'update',
          code: `${container.text}.${method}(${text})`,
          weight: 0.28 * relevance * Math.max(0.3, container.relevance) * seldom,
          description: `add ${text} to ${container.text}`,
        }
      }
    }
  }
}

/** `previous = current`, `count += 1`. */
function* assignments(node: PythonNode, context: FileContext): Iterable<Missing> {
  const own = context
    .ingredientsAt(node)
    .filter(
      ({ own: isOwn, binding, shape }) =>
        isOwn && binding !== 'import' && binding !== 'function' && shape !== 'function',
    )
  for (const target of own.slice(0, 10)) {
    if (target.kind !== 'name') continue
    // Arguments are seldom given another value.
    const standing = target.idle ? 3 : target.binding === 'parameter' ? 0.3 : 1
    for (const value of own.slice(0, 12)) {
      if (value.text === target.text) continue
      yield {
        variant: 'assign',
        code: `${target.text} = ${value.text}`,
        weight: 0.16 * target.relevance * value.relevance * (value.kind === 'member' ? 0.6 : 1) * standing,
        description: `set ${target.text} to ${value.text}`,
      }
    }
    if (target.shape !== 'number') continue
    for (const operator of ['+=', '-=']) {
      yield {
        variant: 'count',
        code: `${target.text} ${operator} 1`,
        weight: 0.1 * target.relevance * (target.idle ? 2 : 1),
        description: `change ${target.text} by one`,
      }
    }
  }
}

function* exits(node: PythonNode): Iterable<Missing> {
  if (!isInLoop(node)) return
  for (const code of ['break', 'continue']) yield { variant: 'exit', code, weight: 0.05, description: code }
}

/** A statement of the same file whose names are all known here. */
function* borrowed(node: PythonNode, context: FileContext): Iterable<Missing> {
  const { tree, facts } = context
  const visible = new Set(context.ingredientsAt(node).map(({ text }) => text))
  const around = functionOf(node)
  for (const statement of facts.statements) {
    const near = functionOf(statement) === around
    if (![...namesIn(statement, tree)].every((name) => visible.has(name))) continue
    const code = tree.textOf(statement)
    yield { variant: 'borrow', code, weight: near ? 0.09 : 0.02, description: `do ${code} here too` }
  }
}

function isLast(node: PythonNode): boolean {
  return node.parent !== null && namedChildren(node.parent).at(-1) === node
}

function isDefinition({ type }: PythonNode): boolean {
  return /^(?:function|class|decorated)_definition$|^import/.test(type)
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? ''
}

function* orNothing(proposal: Proposal | null): Iterable<Proposal> {
  if (proposal !== null) yield proposal
}
