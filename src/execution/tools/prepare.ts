import { z } from 'zod'
import { type Tool, workItemSchema } from '../../contracts/index.ts'
import { detectSuite } from '../testing/index.ts'
import {
  type ExecutionPlaces,
  type Workspace,
  workspaceFailures,
  workspaceLayers,
  workspaceSchema,
} from './workspace.ts'

const inputSchema = z.object({ workItem: workItemSchema })

/**
 * `repository.prepare`: imports the repository into a git directory of the studio, finds its test suite and installs its
 * dependencies inside a sandbox, so that all later steps start from the same content.
 */
export function prepareTool(places: ExecutionPlaces): Tool<z.infer<typeof inputSchema>, Workspace> {
  return {
    name: 'repository.prepare',
    summary: 'Imports a repository, detects its test suite and installs its dependencies.',
    input: inputSchema,
    output: workspaceSchema,
    effect: 'workspace',
    permissions: ['repository:read', 'registry:read'],
    failureModes: workspaceFailures,
    worstCase: { money: 0, tokens: 0, toolCalls: 1, seconds: 1200 },
    async perform({ workItem }, context) {
      const { location, revision } = workItem.repository
      context.report(`importing ${location}`)
      const { repository, base, notes } = await places.repositories.import({
        tenantId: context.tenantId,
        location,
        signal: context.signal,
        ...(revision === undefined ? {} : { revision }),
      })
      const files = await repository.listFiles(base.tree)
      context.report('detecting the test suite')
      const suite = await detectSuite(
        {
          list: () =>
            Promise.resolve(files.filter(({ kind }) => kind !== 'submodule').map(({ path }) => path)),
          read: (path) => repository.readText(base.tree, path),
        },
        workItem.testCommand === undefined ? {} : { command: workItem.testCommand },
      )
      context.report('installing dependencies')
      const workspace = { location, base, suite, isolation: places.isolation }
      const { notes: installation } = await workspaceLayers(places, workspace, base.tree, context)
      return { ...workspace, notes: [...notes, ...suite.explanation, ...installation] }
    },
  }
}
