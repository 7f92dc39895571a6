import type { CallExpression, Node } from '@babel/types'

import { around } from './insertion.ts'
import type { Insertion } from './insertion.ts'
import { isFunction, isListedStatement } from './outline.ts'
import type { Outline, OutlineNode } from './outline.ts'
import { alternativesOf } from './probe-inputs.ts'
import { beginsStatement, isExpressionSlot } from './slots.ts'

/** Name under which instrumented tests reach their {@link Probe}. */
export const probeName = '$probe$'

/** What an instrumented program and its tests call while they run. */
export interface Probe {
  /** Says that an input is about to be used; gives the number of the alternative to use, 0 for the input itself. */
  input(slot: number): number
  /** What {@link input} gave last. */
  readonly picked: number
  /** Says what a parameter of a function is called with; gives what to go on with. */
  argument<T>(parameter: string, value: T): T
  /** Notes a value that the test looks at, and hands it on. */
  see<T>(value: T): T
  /** Notes an error that ended a statement of a test; the next statement follows. */
  caught(error: unknown): void
}

/** How a test file is made to run with other inputs than its own, and to tell what it saw. */
export interface ProbePlan {
  readonly insertions: readonly Insertion[]
  /** For each slot, how many alternatives its input has. */
  readonly slots: readonly number[]
}

const mostSlots = 2000

/**
 * Finds the literals that a test file gives to the code under test, each with other values near it, and the values that
 * its assertions look at. Titles, names of modules and expected values stay as they are.
 */
export function probePlan(outline: Outline): ProbePlan {
  const insertions: Insertion[] = []
  const slots: number[] = []
  const visit = (at: OutlineNode): void => {
    if (isFixed(at)) return
    if (isWatched(at)) insertions.push(...around(at, `${probeName}.see(`, ')'))
    else if (isExpressionSlot(at) && !beginsStatement(at) && slots.length < mostSlots) {
      const alternatives = alternativesOf(at, outline.text)
      if (alternatives.length > 0) {
        const arms = alternatives.map((text, index) =>
          index === alternatives.length - 1 ? `(${text})` : `${probeName}.picked===${index + 1}?(${text}):`,
        )
        insertions.push(...around(at, `(${probeName}.input(${slots.length})===0?(`, `):${arms.join('')})`))
        slots.push(alternatives.length)
      }
    } else if (isStep(at)) {
      insertions.push(...around(at, 'try{', `}catch($error$){${probeName}.caught($error$)}`))
    }
    for (const child of at.children) visit(child)
  }
  visit(outline.root)
  return { insertions, slots }
}

/** Whether the value is one that the test asserts something about, or keeps to do so. */
function isWatched(at: OutlineNode): boolean {
  const { node, parent, key } = at
  if (parent === null || !isExpressionSlot(at)) return false
  if (parent.node.type === 'ExpressionStatement' || parent.node.type === 'AwaitExpression') return false
  if (key === 'callee' || key === 'object') return false
  switch (node.type) {
    case 'AwaitExpression':
      return true
    case 'CallExpression':
      return rootName(node) !== 'require'
    case 'Identifier':
    case 'MemberExpression':
      return key === 'arguments' && isOutermost(parent)
    default:
      return false
  }
}

/** Whether what the call gives, or what is called on it, is a statement of its own: an assertion, or a step before one. */
function isOutermost(call: OutlineNode): boolean {
  let at: OutlineNode = call
  while (
    at.parent !== null &&
    (at.key === 'object' || at.key === 'callee' || at.parent.node.type === 'AwaitExpression')
  ) {
    at = at.parent
  }
  return at.parent?.node.type === 'ExpressionStatement'
}

/** Whether the node is a statement of a test that the ones after it can do without. */
function isStep(at: OutlineNode): boolean {
  if (at.node.type !== 'ExpressionStatement' || !isListedStatement(at)) return false
  for (let up = at.parent; up !== null; up = up.parent) if (isFunction(up.node)) return true
  return false
}

/** Whether nothing in the node may change: it names a test or a module, or says what is expected. */
function isFixed(at: OutlineNode): boolean {
  const { parent } = at
  if (at.node.type === 'ImportDeclaration' || at.node.type === 'ImportExpression') return true
  if (at.key !== 'arguments' || parent?.node.type !== 'CallExpression') return false
  const call = parent.node
  if (/^(?:require|jest|vi|import)$/.test(rootName(call))) return true
  const position = call.arguments.findIndex((argument) => argument === at.node)
  if (position === 0 && isTitle(at.node, call)) return true
  return isOutermost(parent) && isExpectation(call, position) && !isFunction(at.node) && !holdsCall(at)
}

function isTitle({ type }: Node, call: CallExpression): boolean {
  const last = call.arguments.at(-1)
  return (type === 'StringLiteral' || type === 'TemplateLiteral') && last !== undefined && isFunction(last)
}

const assertions =
  /^(?:assert|expect|should|chai|t|st|tt|tap|test)$|assert|equal|same|deep|throws|reject|match|fail|pass|plan/i

/** Whether the argument says what is expected rather than what is given. */
function isExpectation(call: CallExpression, position: number): boolean {
  const { callee } = call
  if (callee.type !== 'MemberExpression') return position > 0 && assertions.test(rootName(call))
  // `expect(…).toBe(expected)`, `value.should.equal(expected)`
  if (rootName(call) === '' || /^(?:expect|should)$/.test(rootName(call))) return true
  const property = callee.property.type === 'Identifier' ? callee.property.name : ''
  return position > 0 && (assertions.test(rootName(call)) || assertions.test(property))
}

/** The name that a chain of calls and properties begins with; empty where it begins with something else. */
function rootName(call: CallExpression): string {
  let at: Node = call
  for (;;) {
    if (at.type === 'CallExpression') at = at.callee
    else if (at.type === 'MemberExpression') at = at.object
    else return at.type === 'Identifier' ? at.name : at.type === 'Import' ? 'import' : ''
  }
}

function holdsCall(at: OutlineNode): boolean {
  return at.node.type === 'CallExpression' || at.children.some(holdsCall)
}
