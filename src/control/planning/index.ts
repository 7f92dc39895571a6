export { makePlan, planSchema, planTool } from './plan.ts'
export type { Plan, PlanningFacts } from './plan.ts'
