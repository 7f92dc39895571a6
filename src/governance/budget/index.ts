export {   noCost } from './cost.ts'
export type { BudgetLevel,  } from './cost.ts'
export { budgetErrors } from './errors.ts'
export { createLedger } from './ledger.ts'
export type {  Charge, Ledger, Limits, Settlement,  } from './ledger.ts'
export { budgetMigrations } from './migrations.ts'
export { verifyLedger } from './verification.ts'

