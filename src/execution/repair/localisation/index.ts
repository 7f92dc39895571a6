export { barinel, dstar, formulas, ochiai, tarantula } from './formulas.ts'
export type { SpectrumCounts, SuspicionFormula } from './formulas.ts'
export { localise } from './localise.ts'
export type { Localisation, LocalisationOptions } from './localise.ts'
