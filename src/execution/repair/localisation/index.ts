export { localise } from './localise.ts'
export type { Localisation } from './localise.ts'
export type { Outline, Unit } from './outline.ts'
export { rankUnits } from './rank-units.ts'
