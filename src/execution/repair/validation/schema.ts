import type { TextEdit } from '../model.ts'
import { isParenthesised, precedence, precedenceOf } from '../syntax/index.ts'
import { around, insertAll } from './insertion.ts'
import type { Insertion } from './insertion.ts'
import { gaugeName, stepInsertions } from './instrumentation.ts'
import { isListedStatement, isTypeOnly, outlineOf } from './outline.ts'
import type { Outline, OutlineNode } from './outline.ts'
import { beginsStatement, isExpressionSlot, isStatementSlot } from './slots.ts'

/** Edits of one file that together make one variant of it. */
export interface Variant {
  readonly id: number
  readonly edits: readonly TextEdit[]
}

/**
 * A file whose variants are all compiled in: `gauge.variant` chooses, 0 being the original. After Untch, Offutt and
 * Harrold, "Mutation analysis using mutant schemata" (ISSTA 1993).
 */
export interface Schema {
  readonly text: string
  /** Value of the switch for each variant, by id. */
  readonly ordinals: ReadonlyMap<number, number>
  /** Variants that no switch can express; each must be compiled on its own. */
  readonly separate: readonly Variant[]
}

interface Placed {
  readonly variant: Variant
  readonly text: string
}

/** What is put into every file besides its variants. */
export type InstrumentOutline = (outline: Outline) => readonly Insertion[]

/** Puts as many variants as possible into one text, which is instrumented besides. */
export function schemaOf(
  path: string,
  outline: Outline,
  variants: readonly Variant[],
  instrument: InstrumentOutline = stepInsertions,
): Schema {
  const bySlot = new Map<OutlineNode, Placed[]>()
  const byPoint = new Map<number, Placed[]>()
  const separate: Variant[] = []
  for (const variant of variants) {
    const place = placeOf(path, outline, variant)
    if (place === null) separate.push(variant)
    else if (place.kind === 'slot') pushTo(bySlot, place.slot, { variant, text: place.text })
    else pushTo(byPoint, place.position, { variant, text: place.text })
  }
  const insertions: Insertion[] = [...instrument(outline)]
  const ordinals = new Map<number, number>()
  let next = 1
  for (const [slot, placed] of bySlot) {
    insertions.push(...switchAround(slot, placed, next))
    for (const { variant } of placed) ordinals.set(variant.id, next++)
  }
  for (const [position, placed] of byPoint) {
    for (const { variant, text } of placed) {
      const piece = `;if(${gaugeName}.variant===${next}){${text}\n}`
      insertions.push({ position, text: piece, kind: 'point', depth: next })
      ordinals.set(variant.id, next++)
    }
  }
  return { text: insertAll(outline.text, insertions), ordinals, separate }
}

/** The file instrumented, by default with steps counted, and one variant's edits applied; null where that has a syntax error. */
export function compileText(
  path: string,
  text: string,
  edits: readonly TextEdit[],
  instrument: InstrumentOutline = stepInsertions,
): string | null {
  const edited = applyEdits(text, edits)
  const outline = outlineOf(path, edited)
  return outline === null ? null : insertAll(edited, instrument(outline))
}

/** Applies edits that all refer to the same base text; where several insert at one place, the order given holds. */
export function applyEdits(text: string, edits: readonly TextEdit[]): string {
  const sorted = edits.map((edit, index) => ({ edit, index }))
  sorted.sort((a, b) => a.edit.start - b.edit.start || a.edit.end - b.edit.end || a.index - b.index)
  const parts: string[] = []
  let at = 0
  for (const { edit } of sorted) {
    parts.push(text.slice(at, edit.start), edit.replacement)
    at = Math.max(at, edit.end)
  }
  parts.push(text.slice(at))
  return parts.join('')
}

function switchAround(slot: OutlineNode, placed: readonly Placed[], first: number): readonly Insertion[] {
  const last = first + placed.length - 1
  const isExpression = isExpressionSlot(slot)
  const arms = placed.map(({ text }, index) => {
    const condition = index === placed.length - 1 ? '' : `${gaugeName}.variant===${first + index}`
    if (isExpression) return condition === '' ? `(${text}\n)` : `${condition}?(${text}\n):`
    return condition === '' ? `{${text}\n}` : `if(${condition}){${text}\n}else `
  })
  const active = `${gaugeName}.variant>=${first}&&${gaugeName}.variant<=${last}`
  const [before, after] = isExpression
    ? [`(${active}?(${arms.join('')}):(`, `))`]
    : [`if(${active}){${arms.join('')}}else{`, `}`]
  const pieces = around(slot, before, after)
  // A parenthesis at the beginning of a statement would continue one before it that has no semicolon.
  return isExpression && beginsStatement(slot)
    ? [...pieces, { position: slot.start, text: ';', kind: 'point', depth: 0 }]
    : pieces
}

type Place =
  | { readonly kind: 'slot'; readonly slot: OutlineNode; readonly text: string }
  | { readonly kind: 'point'; readonly position: number; readonly text: string }

function placeOf(path: string, outline: Outline, variant: Variant): Place | null {
  const [first] = variant.edits
  if (first === undefined) return null
  const start = Math.min(...variant.edits.map((edit) => edit.start))
  const end = Math.max(...variant.edits.map((edit) => edit.end))
  if (start === end && isStatementBoundary(outline, start)) {
    const text = variant.edits.map((edit) => edit.replacement).join('')
    const piece = statementsText(path, text)
    if (piece !== null) return { kind: 'point', position: start, text: piece }
  }
  for (const slot of slotsAround(outline, start, end)) {
    const shifted = variant.edits.map((edit) => ({
      ...edit,
      start: edit.start - slot.start,
      end: edit.end - slot.start,
    }))
    const edited = applyEdits(outline.text.slice(slot.start, slot.end), shifted)
    const text = isExpressionSlot(slot) ? expressionText(path, slot, edited) : statementsText(path, edited)
    if (text !== null) return { kind: 'slot', slot, text }
  }
  return null
}

/** Slots that hold the range, the innermost first, up to the first function around them. */
function slotsAround(outline: Outline, start: number, end: number): readonly OutlineNode[] {
  const slots: OutlineNode[] = []
  let at: OutlineNode | undefined = outline.root
  while (at !== undefined) {
    if (isTypeOnly(at.node)) break
    if (isExpressionSlot(at) || isStatementSlot(at)) slots.push(at)
    at = at.children.find((child) => child.start <= start && end <= child.end)
  }
  return slots.reverse().slice(0, 6)
}

function isStatementBoundary(outline: Outline, position: number): boolean {
  let at: OutlineNode | undefined = outline.root
  while (at !== undefined) {
    const inside: OutlineNode[] = at.children.filter(
      (child) => child.start <= position && position <= child.end,
    )
    if (
      inside.some((child) => isListedStatement(child) && (child.start === position || child.end === position))
    ) {
      return true
    }
    at = inside.find((child) => child.start < position && position < child.end)
  }
  return false
}

const needsSteps = /\b(?:for|while|do|function)\b|=>/

/**
 * The text as it may stand in parentheses, loops in it counted; null where it is no expression, or where it would mean
 * something else without the parentheses.
 */
function expressionText(path: string, slot: OutlineNode, text: string): string | null {
  const prefix = 'async function*f(){('
  const outline = outlineOf(path, `${prefix}${text}\n)}`)
  const statements = outline?.root.children[0]?.children.at(-1)?.children
  const expression = statements?.[0]?.children[0]
  if (outline === null || expression === undefined || statements?.length !== 1) return null
  if (expression.node.extra?.['parenStart'] !== prefix.length - 1) return null
  if (/^\s*(?:\{|function\b|class\b|async\s+function\b|let\b)/.test(text) && readsAsBlock(slot)) return null
  return standsAlone(slot, precedenceOf(expression.node)) ? counted(outline, prefix.length, text) : null
}

function readsAsBlock(slot: OutlineNode): boolean {
  return (
    beginsStatement(slot) ||
    slot.parent?.node.type === 'ArrowFunctionExpression' ||
    slot.parent?.node.type === 'ExpressionStatement'
  )
}

/** Whether an expression of the given precedence stays one operand where the slot is. */
function standsAlone(slot: OutlineNode, own: number): boolean {
  if (isParenthesised(slot.node) || own >= precedenceOf(slot.node)) return true
  switch (slot.parent?.node.type) {
    case 'IfStatement':
    case 'WhileStatement':
    case 'DoWhileStatement':
    case 'SwitchStatement':
    case 'SwitchCase':
    case 'ReturnStatement':
    case 'ThrowStatement':
    case 'ExpressionStatement':
    case 'TemplateLiteral':
    case 'ForStatement':
      return true
    case 'MemberExpression':
    case 'OptionalMemberExpression':
      return slot.key === 'property'
    case 'ArrayExpression':
    case 'AssignmentExpression':
    case 'AssignmentPattern':
    case 'CallExpression':
    case 'NewExpression':
    case 'OptionalCallExpression':
      return slot.key !== 'callee' && own >= precedence.assignment
    case 'ObjectProperty':
    case 'SpreadElement':
    case 'VariableDeclarator':
      return own >= precedence.assignment
    default:
      return false
  }
}

/** The text as it may stand in braces, loops in it counted; null where it declares something or is no statement. */
function statementsText(path: string, text: string): string | null {
  const prefix = 'async function*f(){l:for(;;){'
  const outline = outlineOf(path, `${prefix}${text}\n}}`)
  const loop = outline?.root.children[0]?.children.at(-1)?.children[0]?.children.at(-1)
  const block = loop?.children.at(-1)
  if (outline === null || block?.node.type !== 'BlockStatement' || outline.root.children.length !== 1)
    return null
  if (block.node.directives.length > 0) return null
  const declares = block.children.some(
    ({ node }) =>
      node.type === 'FunctionDeclaration' ||
      node.type === 'ClassDeclaration' ||
      (node.type === 'VariableDeclaration' && node.kind !== 'var') ||
      isTypeOnly(node),
  )
  return declares ? null : counted(outline, prefix.length, text)
}

function counted(outline: Outline, offset: number, text: string): string {
  if (!needsSteps.test(text)) return text
  // The point at the very beginning belongs to the loop or function that the text was wrapped in.
  const inside = stepInsertions(outline).filter(
    ({ position, kind }) =>
      position >= offset && position <= offset + text.length && !(kind === 'point' && position === offset),
  )
  const shifted = inside.map((insertion) => ({ ...insertion, position: insertion.position - offset }))
  return insertAll(text, shifted)
}

function pushTo<K>(groups: Map<K, Placed[]>, key: K, placed: Placed): void {
  const group = groups.get(key)
  if (group === undefined) groups.set(key, [placed])
  else group.push(placed)
}
