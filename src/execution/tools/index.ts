export { executeTool, runOnTree } from './execute.ts'
export { prepareTool } from './prepare.ts'
export { publishTool } from './publish.ts'
export { ToolRegistry } from './registry.ts'
export { attemptRepair, repairResultSchema, repairTool } from './repair.ts'

export { reproduceTool, reproductionSchema } from './reproduce.ts'
export { workspaceFailures, workspaceSchema } from './workspace.ts'
export type { ExecutionPlaces, Workspace } from './workspace.ts'
