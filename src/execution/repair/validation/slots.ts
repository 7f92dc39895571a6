import { isBareBody, isFunction, isListedStatement } from './outline.ts'
import type { OutlineNode } from './outline.ts'

/** Whether a statement may stand in braces under a condition without changing what it declares. */
export function isStatementSlot(at: OutlineNode): boolean {
  if (!isListedStatement(at) && !isBareBody(at)) return false
  switch (at.node.type) {
    case 'ExpressionStatement':
    case 'IfStatement':
    case 'ForStatement':
    case 'ForInStatement':
    case 'ForOfStatement':
    case 'WhileStatement':
    case 'DoWhileStatement':
    case 'ReturnStatement':
    case 'ThrowStatement':
    case 'TryStatement':
    case 'SwitchStatement':
    case 'BreakStatement':
    case 'ContinueStatement':
    case 'LabeledStatement':
      return true
    case 'BlockStatement':
      return isListedStatement(at)
    case 'VariableDeclaration':
      return at.node.kind === 'var' && isListedStatement(at)
    default:
      return false
  }
}

/** Whether the node is an expression that parentheses and a condition around it leave what it is. */
export function isExpressionSlot(at: OutlineNode): boolean {
  const { node, parent, key } = at
  if (parent === null || !isPlainExpression(node)) return false
  const outer = parent.node
  switch (outer.type) {
    case 'MemberExpression':
      return key === 'object' ? node.type !== 'Super' : outer.computed
    case 'OptionalMemberExpression':
      return key === 'property' && outer.computed
    case 'OptionalCallExpression':
      return key === 'arguments'
    case 'CallExpression':
      // `this` of a method call would be lost; `super`, `import` and `require` are no values.
      return key === 'arguments' || (node.type === 'Identifier' && !isReservedCallee(node.name))
    case 'TaggedTemplateExpression':
      return false
    case 'UnaryExpression':
      return outer.operator !== 'delete' && !(outer.operator === 'typeof' && node.type === 'Identifier')
    case 'UpdateExpression':
      return false
    case 'AssignmentExpression':
    case 'AssignmentPattern':
      return key === 'right'
    case 'ForInStatement':
    case 'ForOfStatement':
      return key === 'right'
    case 'ObjectProperty':
      return key === 'value' ? !outer.shorthand && isValueOfObject(parent) : outer.computed
    case 'VariableDeclarator':
      return key === 'init'
    case 'ClassProperty':
    case 'ClassPrivateProperty':
      return key === 'value'
    case 'ArrayExpression':
    case 'ArrowFunctionExpression':
    case 'AwaitExpression':
    case 'BinaryExpression':
    case 'ConditionalExpression':
    case 'DoWhileStatement':
    case 'ExpressionStatement':
    case 'ForStatement':
    case 'IfStatement':
    case 'LogicalExpression':
    case 'NewExpression':
    case 'ReturnStatement':
    case 'SequenceExpression':
    case 'SpreadElement':
    case 'SwitchCase':
    case 'SwitchStatement':
    case 'TemplateLiteral':
    case 'ThrowStatement':
    case 'TSAsExpression':
    case 'TSNonNullExpression':
    case 'TSSatisfiesExpression':
    case 'WhileStatement':
    case 'YieldExpression':
      return !isPattern(parent) && key !== 'params'
    default:
      return false
  }
}

function isPlainExpression({ type }: OutlineNode['node']): boolean {
  if (type === 'JSXElement' || type === 'JSXFragment') return true
  if (type.endsWith('Literal') || type === 'Identifier' || type === 'ThisExpression') return true
  // An anonymous function takes its name from where it stands, which parentheses would take away.
  if (type === 'FunctionExpression' || type === 'ClassExpression' || type === 'ArrowFunctionExpression')
    return false
  return type.endsWith('Expression') && !type.startsWith('TS') && type !== 'ParenthesizedExpression'
}

function isReservedCallee(name: string): boolean {
  return name === 'require' || name === 'eval'
}

function isValueOfObject(property: OutlineNode): boolean {
  return property.parent?.node.type === 'ObjectExpression' && !isPattern(property.parent)
}

/** Whether the node stands where a value is taken apart rather than made. */
function isPattern(at: OutlineNode): boolean {
  const { parent, key } = at
  if (at.node.type === 'ArrayPattern' || at.node.type === 'ObjectPattern') return true
  if (parent === null) return false
  return (
    (parent.node.type === 'AssignmentExpression' && key === 'left') ||
    (parent.node.type === 'VariableDeclarator' && key === 'id') ||
    (isFunction(parent.node) && key === 'params') ||
    (parent.node.type === 'CatchClause' && key === 'param')
  )
}

/** Whether a statement of a list begins where the node does. */
export function beginsStatement(at: OutlineNode): boolean {
  for (let up = at.parent; up !== null && up.start === at.start; up = up.parent) {
    if (isListedStatement(up)) return true
  }
  return false
}
