import type { Node } from '@babel/types'

import type { TextRange } from '../model.ts'
import { around } from './insertion.ts'
import type { Insertion } from './insertion.ts'
import { isBareBody, isFunction, isListedStatement, isLoop, isTypeOnly } from './outline.ts'
import type { Outline, OutlineNode } from './outline.ts'

/**
 * Name under which instrumented code reaches its {@link Gauge}. It is a parameter of the function that a module is
 * compiled into, so that it is found by the scope chain alone.
 */
export const gaugeName = '$gauge$'

/** What instrumented code reads and writes while it runs. */
export interface Gauge {
  /** Ordinal of the active variant in the file's schema, 0 for the unchanged program. */
  variant: number
  /** Function entries and loop turns left. */
  steps: number
  /** Called on each step after the last; throws. */
  exhausted(): void
}

const step = `if(${gaugeName}.steps--<=0)${gaugeName}.exhausted();`

/** Pieces that make every function entry and loop turn cost one step, so that nothing can run for ever. */
export function stepInsertions(outline: Outline): readonly Insertion[] {
  const insertions: Insertion[] = []
  for (const at of outline.nodes) {
    if (isLoop(at.node)) {
      const body = at.children.find((child) => child.key === 'body')
      if (body !== undefined) insertions.push(...stepInto(body))
    } else if (isFunction(at.node)) {
      const body = at.children.find((child) => child.key === 'body')
      if (body !== undefined && !isDeclaredOnly(at)) insertions.push(...stepInto(body))
    }
  }
  return insertions
}

function stepInto(body: OutlineNode): readonly Insertion[] {
  if (body.node.type === 'BlockStatement') {
    const position = startOfStatements(body)
    return [{ position, text: `;${step}`, kind: 'point', depth: -1 }]
  }
  if (isBareBody(body)) return around({ ...body, depth: body.depth - 0.5 }, `{${step}`, '}')
  // The expression that an arrow function returns; its own parentheses, if any, stay outside.
  return around(
    { ...body, depth: body.depth - 0.5 },
    `(${gaugeName}.steps--<=0&&${gaugeName}.exhausted(),`,
    ')',
  )
}

/** Where the first statement of a block may be put: after its brace and its directives, which may lack a semicolon. */
export function startOfStatements(block: OutlineNode): number {
  if (block.node.type !== 'BlockStatement') return block.start
  const last = block.node.directives.at(-1)
  return last?.end ?? block.start + 1
}

function isDeclaredOnly(at: OutlineNode): boolean {
  for (let up: OutlineNode | null = at; up !== null; up = up.parent) if (isTypeOnly(up.node)) return true
  return false
}

/** A stretch of text that is executed as a whole or not at all, unless a region within it says otherwise. */
export type Region = TextRange

/** Counters put into a file, and the stretch of text that each of them speaks for. */
export interface CoveragePlan {
  readonly regions: readonly Region[]
  readonly insertions: readonly Insertion[]
}

/** Name of the function that marks a region as executed: `$reach$(region)`. */
export const reachName = '$reach$'

/** Pieces that mark each function, statement, and arm of a conditional or logical expression once it is executed. */
export function coveragePlan(outline: Outline): CoveragePlan {
  const regions: Region[] = []
  const insertions: Insertion[] = []
  const mark = (range: TextRange): string =>
    `${reachName}(${regions.push({ start: range.start, end: range.end }) - 1})`
  const visit = (at: OutlineNode): void => {
    if (isTypeOnly(at.node)) return
    if (isFunction(at.node)) {
      const body = at.children.find((child) => child.key === 'body')
      if (body?.node.type === 'BlockStatement') {
        const position = startOfStatements(body)
        insertions.push({ position, text: `;${mark(body)};`, kind: 'point', depth: 0 })
      } else if (body !== undefined) {
        insertions.push(...around(body, `(${mark(body)},`, ')'))
      }
    } else if (isListedStatement(at) && isCounted(at.node)) {
      insertions.push({ position: at.start, text: `${mark(at)};`, kind: 'point', depth: 0 })
    } else if (isBareBody(at)) {
      insertions.push(...around({ ...at, depth: at.depth - 0.25 }, `{${mark(at)};`, '}'))
    } else if (isArm(at)) {
      insertions.push(...around(at, `(${mark(at)},`, ')'))
    }
    for (const child of at.children) visit(child)
  }
  visit(outline.root)
  return { regions, insertions }
}

function isCounted(node: Node): boolean {
  switch (node.type) {
    case 'FunctionDeclaration':
    case 'ImportDeclaration':
    case 'ExportAllDeclaration':
    case 'ExportNamedDeclaration':
    case 'ExportDefaultDeclaration':
    case 'EmptyStatement':
      return false
    default:
      return true
  }
}

function isArm(at: OutlineNode): boolean {
  const parent = at.parent?.node.type
  return (
    (parent === 'ConditionalExpression' && at.key !== 'test') ||
    (parent === 'LogicalExpression' && at.key === 'right')
  )
}

/** Text covered by the regions that were reached: what an unreached inner region takes out is left out. */
export function coveredRanges(regions: readonly Region[], reached: (region: number) => boolean): TextRange[] {
  const order = regions.map((region, index) => ({ ...region, index }))
  order.sort((a, b) => a.start - b.start || b.end - a.end)
  const open: { readonly end: number; readonly hit: boolean }[] = []
  const ranges: { start: number; end: number }[] = []
  let at = 0
  const advance = (to: number): void => {
    const top = open.at(-1)
    if (to > at && top?.hit === true) {
      const last = ranges.at(-1)
      if (last?.end === at) last.end = to
      else ranges.push({ start: at, end: to })
    }
    at = Math.max(at, to)
  }
  const closeUntil = (position: number): void => {
    for (let top = open.at(-1); top !== undefined && top.end <= position; top = open.at(-1)) {
      advance(top.end)
      open.pop()
    }
  }
  for (const region of order) {
    closeUntil(region.start)
    advance(region.start)
    open.push({ end: region.end, hit: reached(region.index) })
  }
  closeUntil(Number.POSITIVE_INFINITY)
  return ranges
}
