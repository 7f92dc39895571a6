export { asOperand, operatorOf, operatorPrecedence, placed, precedence, precedenceOf } from './precedence.ts'
export {
  ancestorsOf,
  descendantsOf,
  fieldOf,
  functionOf,
  isCompound,
  isCondition,
  isInLoop,
  isJump,
  isPure,
  isStatement,
  isValue,
  namedChildren,
  statementOf,
} from './queries.ts'
export { Scopes } from './scope.ts'
export type { Binding, Shape } from './scope.ts'
export { pythonParser } from './tree.ts'
export type { ParsePython, PythonNode, PythonTree } from './tree.ts'
