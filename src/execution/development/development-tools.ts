import type { AgentTool } from './agent-tool.ts'
import { editFileTool } from './editing/edit-file.ts'
import { patchFilesTool } from './editing/patch-files.ts'
import { createFileTool, deleteFilesTool, moveFilesTool } from './editing/whole-files.ts'
import type { DevelopmentPlaces } from './places.ts'
import { listFilesTool } from './reading/list-files.ts'
import { readFileTool } from './reading/read-file.ts'
import { searchCodeTool } from './reading/search-code.ts'
import { searchFilesTool } from './reading/search-files.ts'
import { runShellTool } from './running/run-shell.ts'
import { runTestsTool } from './running/run-tests.ts'

/**
 * The tools of a developer. Each works on a git tree and answers the tree that it leaves, so that whatever an agent did
 * can be recorded, repeated and recovered; no state lies outside of trees but what `shell.run` leaves beside them.
 */
export function developmentTools(places: DevelopmentPlaces) {
  return {
    'files.read': readFileTool(places),
    'files.list': listFilesTool(places),
    'files.search': searchFilesTool(places),
    'code.search': searchCodeTool(places),
    'files.edit': editFileTool(places),
    'files.patch': patchFilesTool(places),
    'files.create': createFileTool(places),
    'files.delete': deleteFilesTool(places),
    'files.move': moveFilesTool(places),
    'shell.run': runShellTool(places),
    'tests.run': runTestsTool(places),
  } as const satisfies Readonly<Record<string, AgentTool>>
}
