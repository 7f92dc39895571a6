export { generate } from './generate.ts'
export { templates } from './registry.ts'
