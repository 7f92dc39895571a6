export { makePlan, planSchema, planTool } from './plan.ts'
export type { PlanningFacts } from './plan.ts'
