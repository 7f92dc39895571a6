export { isRepairable } from './languages/index.ts'
export { repair } from './repair.ts'
export { openValidation } from './validation/index.ts'
