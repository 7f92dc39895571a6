export { lineAt, lineStarts } from './lines.ts'
export { isParsable, parseText } from './parse.ts'
export {
  asOperand,
  isParenthesised,
  operatorPrecedence,
  placed,
  precedence,
  precedenceOf,
} from './precedence.ts'
export {
  ancestorsOf,
  childAt,
  childrenAt,
  descendantsOf,
  functionOf,
  isCondition,
  isFunctionNode,
  isListed,
  isPure,
  isSite,
  isValue,
  loopOf,
  nameOf,
  neighboursOf,
  statementOf,
  wordsOf,
} from './queries.ts'
export type { Binding } from './scope.ts'
export { buildTree } from './source-tree.ts'
export type { Site, SourceTree } from './source-tree.ts'
export { quoted, styleOf } from './style.ts'
export type { CodeStyle } from './style.ts'
