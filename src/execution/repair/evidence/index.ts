export type { ValuePair } from './failure-values.ts'
export { gatherVocabulary } from './vocabulary.ts'
export type { Vocabulary } from './vocabulary.ts'
