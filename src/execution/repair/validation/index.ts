export { validationErrors } from './errors.ts'
export { openValidation } from './validation.ts'
export type { Validation, ValidationMode, ValidationSetup } from './validation-setup.ts'
export { workerBinds } from './worker-binding.ts'
