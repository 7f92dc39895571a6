import type { Node } from '@babel/types'

import type { Binding, SourceTree } from '../syntax/index.ts'

/** What kind of value an expression has, as far as it can be told without running it. */
export type Shape = 'string' | 'number' | 'boolean' | 'array' | 'object' | 'function' | 'regexp' | 'unknown'

/** What has such a method is of this shape. */
const shapeByMethod = shapesOfMethods({
  string:
    'charAt charCodeAt codePointAt split replace replaceAll toLowerCase toUpperCase trim startsWith endsWith ' +
    'substring substr match padStart padEnd',
  array: 'push pop shift unshift splice map filter forEach reduce some every join sort',
  number: 'toFixed toPrecision',
  regexp: 'exec test',
  function: 'call apply bind',
  object: 'hasOwnProperty',
})

/** What such a method gives is of this shape. */
const resultByMethod = shapesOfMethods({
  string: 'charAt replace replaceAll toLowerCase toUpperCase trim substring join toString padStart padEnd',
  array: 'split map filter keys values entries',
  number: 'indexOf lastIndexOf getTime valueOf charCodeAt',
  boolean: 'test some every includes startsWith endsWith isArray isBuffer hasOwnProperty',
})

/** Shape of an expression by its syntax; names are looked up in `known`. */
export function shapeOf(node: Node, known?: (name: string) => Shape): Shape {
  switch (node.type) {
    case 'StringLiteral':
    case 'TemplateLiteral':
      return 'string'
    case 'NumericLiteral':
    case 'UpdateExpression':
      return 'number'
    case 'BooleanLiteral':
      return 'boolean'
    case 'ArrayExpression':
      return 'array'
    case 'ObjectExpression':
    case 'NewExpression':
      return 'object'
    case 'RegExpLiteral':
      return 'regexp'
    case 'FunctionExpression':
    case 'FunctionDeclaration':
    case 'ArrowFunctionExpression':
    case 'ClassExpression':
    case 'ClassDeclaration':
      return 'function'
    case 'UnaryExpression':
      return shapeOfUnary(node.operator)
    case 'BinaryExpression':
      if (/^(?:[=!]==?|[<>]=?|in|instanceof)$/.test(node.operator)) return 'boolean'
      if (node.operator !== '+') return 'number'
      return [node.left, node.right].some((side) => shapeOf(side, known) === 'string') ? 'string' : 'unknown'
    case 'LogicalExpression': {
      const right = shapeOf(node.right, known)
      return right === shapeOf(node.left, known) || node.operator !== '&&' ? right : 'unknown'
    }
    case 'ConditionalExpression': {
      const shape = shapeOf(node.consequent, known)
      return shape === shapeOf(node.alternate, known) ? shape : 'unknown'
    }
    case 'CallExpression':
      return node.callee.type === 'MemberExpression' && node.callee.property.type === 'Identifier'
        ? (resultByMethod.get(node.callee.property.name) ?? 'unknown')
        : 'unknown'
    case 'MemberExpression':
      return node.property.type === 'Identifier' && node.property.name === 'length' ? 'number' : 'unknown'
    case 'Identifier':
      return known?.(node.name) ?? 'unknown'
    default:
      return 'unknown'
  }
}

/** Shapes of the names and members of a file by how they are used: `x.push(…)` makes `x` an array. */
export function shapesByUse(tree: SourceTree): ReadonlyMap<string, Shape> {
  const shapes = new Map<string, Shape>()
  for (const { node } of tree.sites) {
    if (node.type === 'MemberExpression' && node.property.type === 'Identifier' && !node.computed) {
      const shape = shapeByMethod.get(node.property.name)
      if (shape !== undefined) shapes.set(textOf(tree, node.object), shape)
    } else if (node.type === 'CallExpression' && node.callee.type === 'Identifier') {
      shapes.set(node.callee.name, 'function')
    } else if (node.type === 'NewExpression' && node.callee.type === 'Identifier') {
      shapes.set(node.callee.name, 'function')
    }
  }
  return shapes
}

/** Shape of a declared name: its annotation, its initial value, else its use. */
export function shapeOfBinding(binding: Binding, byUse: ReadonlyMap<string, Shape>): Shape {
  const annotated = binding.annotation === null ? 'unknown' : shapeOfAnnotation(binding.annotation)
  if (annotated !== 'unknown') return annotated
  const initial = binding.initial === null ? 'unknown' : shapeOf(binding.initial)
  if (initial !== 'unknown') return initial
  if (binding.kind === 'function' || binding.kind === 'class') return 'function'
  return byUse.get(binding.name) ?? 'unknown'
}

function shapeOfAnnotation(annotation: Node): Shape {
  const type = annotation.type === 'TSTypeAnnotation' ? annotation.typeAnnotation.type : annotation.type
  switch (type) {
    case 'TSStringKeyword':
      return 'string'
    case 'TSNumberKeyword':
      return 'number'
    case 'TSBooleanKeyword':
      return 'boolean'
    case 'TSArrayType':
    case 'TSTupleType':
      return 'array'
    case 'TSFunctionType':
      return 'function'
    case 'TSTypeLiteral':
    case 'TSObjectKeyword':
      return 'object'
    default:
      return 'unknown'
  }
}

function shapeOfUnary(operator: string): Shape {
  if (operator === '!' || operator === 'delete') return 'boolean'
  if (operator === 'typeof') return 'string'
  return operator === 'void' ? 'unknown' : 'number'
}

function textOf(tree: SourceTree, node: Node): string {
  return tree.text.slice(node.start ?? 0, node.end ?? 0)
}

function shapesOfMethods(names: Partial<Readonly<Record<Shape, string>>>): ReadonlyMap<string, Shape> {
  const shapes = new Map<string, Shape>()
  for (const shape of ['string', 'array', 'number', 'boolean', 'regexp', 'function', 'object'] as const) {
    for (const name of names[shape]?.split(' ') ?? []) shapes.set(name, shape)
  }
  return shapes
}
