export { createRanker } from './rank.ts'
