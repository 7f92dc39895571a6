export { localise } from './localise.ts'
export type { Localisation } from './localise.ts'
