export { createIdempotencyKey } from './attempted-decision.ts'
export { DecisionBar } from './decision-bar.tsx'
