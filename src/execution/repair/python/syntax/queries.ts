import type { PythonNode } from './tree.ts'

/** The child in a field. */
export function fieldOf(node: PythonNode, field: string): PythonNode | null {
  return node.children.find((child) => child.field === field) ?? null
}

export function namedChildren(node: PythonNode): readonly PythonNode[] {
  return node.children.filter(({ named }) => named)
}

export function* ancestorsOf(node: PythonNode): Iterable<PythonNode> {
  for (let at = node.parent; at !== null; at = at.parent) yield at
}

export function* descendantsOf(node: PythonNode): Iterable<PythonNode> {
  yield node
  for (const child of node.children) yield* descendantsOf(child)
}

/** The innermost function around a node, which is not the node itself. */
export function functionOf(node: PythonNode): PythonNode | null {
  for (const ancestor of ancestorsOf(node)) if (ancestor.type === 'function_definition') return ancestor
  return null
}

export function isStatement(node: PythonNode): boolean {
  return node.named && (node.parent?.type === 'block' || node.parent?.type === 'module')
}

/** The innermost statement that holds a node, itself included. */
export function statementOf(node: PythonNode): PythonNode | null {
  for (let at: PythonNode | null = node; at !== null; at = at.parent) if (isStatement(at)) return at
  return null
}

const jumps = new Set(['return_statement', 'raise_statement', 'break_statement', 'continue_statement'])

export function isJump(node: PythonNode): boolean {
  return jumps.has(node.type)
}

const bodied = new Set([
  'if_statement',
  'for_statement',
  'while_statement',
  'with_statement',
  'try_statement',
  'match_statement',
  'function_definition',
  'class_definition',
  'decorated_definition',
])

/** Whether a statement has a body of its own. */
export function isCompound(node: PythonNode): boolean {
  return bodied.has(node.type)
}

export function isInLoop(node: PythonNode): boolean {
  for (const { type } of ancestorsOf(node)) {
    if (type === 'for_statement' || type === 'while_statement') return true
    if (type === 'function_definition') return false
  }
  return false
}

const expressions = new Set([
  'identifier',
  'integer',
  'float',
  'string',
  'concatenated_string',
  'true',
  'false',
  'none',
  'list',
  'dictionary',
  'set',
  'tuple',
  'attribute',
  'subscript',
  'call',
  'binary_operator',
  'boolean_operator',
  'comparison_operator',
  'not_operator',
  'unary_operator',
  'conditional_expression',
  'parenthesized_expression',
  'lambda',
  'list_comprehension',
  'set_comprehension',
  'dictionary_comprehension',
  'generator_expression',
  'await',
])

/** Whether a node is an expression whose value is read where it stands. */
export function isValue(node: PythonNode): boolean {
  if (!expressions.has(node.type)) return false
  const { parent, field } = node
  if (parent === null) return false
  switch (parent.type) {
    case 'attribute':
      return field === 'object'
    case 'keyword_argument':
    case 'default_parameter':
    case 'typed_default_parameter':
      return field === 'value'
    case 'assignment':
      return field === 'right'
    case 'augmented_assignment':
      return field === 'right'
    case 'for_statement':
    case 'for_in_clause':
      return field === 'right'
    case 'function_definition':
    case 'class_definition':
    case 'parameters':
    case 'lambda_parameters':
    case 'typed_parameter':
    case 'type':
    case 'dotted_name':
    case 'aliased_import':
    case 'import_from_statement':
    case 'import_statement':
    case 'pattern_list':
    case 'tuple_pattern':
    case 'list_splat_pattern':
    case 'as_pattern_target':
    case 'global_statement':
    case 'nonlocal_statement':
    case 'delete_statement':
    case 'decorator':
      return false
    case 'expression_statement':
      // A text on its own is documentation.
      return node.type !== 'string'
    default:
      return true
  }
}

/** Whether a value decides which way to go. */
export function isCondition(node: PythonNode): boolean {
  const { parent, field } = node
  if (parent === null) return false
  if (field === 'condition') return true
  if (parent.type === 'if_clause' || parent.type === 'assert_statement') return node.named
  return parent.type === 'conditional_expression' && namedChildren(parent)[1] === node
}

/** Whether an expression only reads: its value may be taken elsewhere or twice. */
export function isPure(node: PythonNode): boolean {
  if (node.type === 'await' || node.type === 'yield' || node.type === 'named_expression') return false
  if (node.type === 'call') {
    const name = node.children[0]
    return name?.type === 'identifier' && node.children.every(isPure)
  }
  return node.children.every(isPure)
}
