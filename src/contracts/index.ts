export type { Caller } from './caller.ts'
export { roleSchema, rolesWithin } from './principal.ts'
export type { Principal, ProjectRoles, Role } from './principal.ts'
export { everyScope, scopeSchema, scopesCover, scopesInclude } from './scope.ts'
export { intentSchema, labelsSchema, workItemSchema, workTaskSchema } from './work.ts'
export type { Intent, UpdateLevel, WorkItem, WorkKind, WorkTask } from './work.ts'
export { testCaseSchema, testFrameworkSchema, testReportSchema } from './test-report.ts'
export type { TestCase, TestFramework, TestReport } from './test-report.ts'
export {
  changeSchema,
  diffSummarySchema,
  findingSchema,
  proposalSchema,
  upkeepResultSchema,
  upkeepVerdictSchema,
  verdictSchema,
} from './change.ts'
export type { Change, Check, DiffSummary, Finding, UpkeepResult, UpkeepVerdict, Verdict } from './change.ts'
export { workflowDefinitionSchema } from './workflow-definition.ts'
export type { RunStatus, StepDefinition, StepStatus, WorkflowDefinition } from './workflow-definition.ts'
export type { Cost, EffectClass, Tool, ToolContext } from './tool.ts'
export { escalationSchema, runOutcomeSchema, runRightSchema, submissionSchema } from './studio.ts'
export type {
  Escalation,
  RunEventView,
  RunOutcome,
  QuestionView,
  RunReport,
  RunRight,
  RunSummary,
  RunView,
  Submission,
} from './studio.ts'
export { modelRequestSchema, modelResponseSchema } from './model.ts'
export type {
  ModelClient,
  ModelEvent,
  ModelMessage,
  ModelProvenance,
  ModelRequest,
  ModelResponse,
  ModelTool,
  ModelUsage,
} from './model.ts'
