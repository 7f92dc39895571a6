export { grammarOf } from './languages.ts'
export { childrenOf, parserOf } from './parse.ts'
export type { Parse, SyntaxNode } from './parse.ts'
