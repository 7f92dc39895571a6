export type { CheckedWorkflow } from './check-workflow.ts'
export { definitionOfRun } from './run-definition.ts'
export { createWorkflows } from './workflows.ts'
export type { WorkflowDraft, WorkflowInUse, Workflows } from './workflows.ts'
