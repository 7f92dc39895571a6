export { openValidation } from './validation.ts'
export type { Validation } from './validation-setup.ts'
