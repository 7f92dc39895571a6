export { approvalOutput } from './approval.ts'
export type { DevelopmentResult } from './development-result.ts'
export { developmentResultSchema } from './development-result.ts'
export { deliveryExecutors } from './executors.ts'

export { intakeTool } from './intake.ts'
export { reviewTool } from './review.ts'
export { verifyTool } from './verify.ts'
