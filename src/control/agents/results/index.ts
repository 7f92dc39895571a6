export { changeResultSchema } from './change.ts'
export type { ChangeResult } from './change.ts'
export { expectedResult } from './typed-result.ts'
export type { ExpectedResult } from './typed-result.ts'
