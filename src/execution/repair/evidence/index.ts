export type { ValuePair } from './failure-values.ts'
export { collectVocabulary, gatherVocabulary } from './vocabulary.ts'
export type { TestToken, Vocabulary } from './vocabulary.ts'
