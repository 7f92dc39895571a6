export { explain } from './explain.ts'
export { summarise } from './summarise.ts'
