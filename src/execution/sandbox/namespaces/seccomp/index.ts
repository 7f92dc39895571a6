export { filterForThisMachine } from './filter.ts'
