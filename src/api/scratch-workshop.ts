import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Tool, WorkKind } from '../contracts/index.ts'
import { loadAgents } from '../control/agents/index.ts'
import { createModelGateway, modelMigrations, openModelDirectory } from '../control/models/index.ts'
import { figureMigrations } from '../control/figures/index.ts'
import { loadRoutingPolicy, routingMigrations } from '../control/routing/index.ts'
import { createWorkflows } from '../control/workflows/index.ts'
import { readDefinition } from '../engine/index.ts'
import { mcpErrors, mcpMigrations } from '../execution/mcp/index.ts'
import { silentLogger, systemClock } from '../kernel/index.ts'
import type { Migration } from '../store/index.ts'
import { echoTool, type GovernedStudio } from '../testing/index.ts'
import type { CoreServices } from './services/index.ts'

const root = join(import.meta.dirname, '../..')

const workflowFile = (name: string): string => readFileSync(join(root, 'workflows', `${name}.yaml`), 'utf8')

/** The shipped workflows, as their files say. */
export const shippedWorkflows: Record<WorkKind, string> = {
  repair: workflowFile('deliver'),
  'lint-fix': workflowFile('lint-fix'),
  format: workflowFile('format'),
  codemod: workflowFile('codemod'),
  'dependency-update': workflowFile('dependency-update'),
}

export const workshopMigrations: readonly Migration[] = [
  ...modelMigrations,
  ...routingMigrations,
  ...figureMigrations,
  ...mcpMigrations,
]

/** Tools of the names that the shipped workflows use. */
function toolsOfWorkflows(): ReadonlyMap<string, Tool> {
  const names = Object.values(shippedWorkflows).flatMap((text) =>
    readDefinition(text)
      .definition.steps.filter(({ kind }) => kind !== 'agent' && kind !== 'approval')
      .map(({ uses }) => uses),
  )
  const effectOf = (name: string) => (name === 'repository.publish' ? 'external-reversible' : 'read')
  return new Map(names.map((name) => [name, echoTool(undefined, { name, effect: effectOf(name) }) as Tool]))
}

const noServer = (): never => {
  throw mcpErrors.UNKNOWN_SERVER({ detail: 'none is configured' })
}

type Workshop = Pick<
  CoreServices,
  'agents' | 'tools' | 'models' | 'workflows' | 'routing' | 'mcp' | 'policyTests' | 'checkHost'
>

/** What work is done with, as it is shipped, over the database of a test. `folder` holds the tenants' own model files. */
export async function openWorkshop(
  { database, governance }: Pick<GovernedStudio, 'database' | 'governance'>,
  folder: string,
  shipped: Record<WorkKind, string> = shippedWorkflows,
): Promise<Workshop> {
  const agents = await loadAgents(join(root, 'agents'))
  const tools = toolsOfWorkflows()
  const runBudget = { money: 1e9, tokens: 1e9, toolCalls: 1e6, seconds: 1e6 }
  return {
    agents,
    tools,
    models: createModelGateway({
      door: governance.door,
      database,
      clock: systemClock,
      logger: silentLogger,
      directory: await openModelDirectory({
        shipped: join(root, 'models'),
        own: folder,
        clock: systemClock,
        logger: silentLogger,
      }),
      credentials: () => undefined,
    }),
    workflows: createWorkflows({
      database,
      clock: systemClock,
      administration: governance.administration,
      shipped,
      surroundings: () => ({ agents, tools, runBudget }),
    }),
    routing: {
      policy: await loadRoutingPolicy(join(root, 'models/routing.yaml')),
      unavailable: () => Promise.resolve(undefined),
      view: () => Promise.resolve({ models: [], price: null }),
    },
    mcp: { servers: [], recorded: noServer, inspect: noServer, require: noServer, accept: noServer },
    policyTests: join(root, 'policies/tests'),
    checkHost: () => Promise.resolve([{ name: 'runtime', ok: true, detail: 'Node.js', remedy: undefined }]),
  }
}
