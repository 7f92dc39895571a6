export { DecisionBar } from './decision-bar.tsx'
export { createIdempotencyKey } from './attempted-decision.ts'
