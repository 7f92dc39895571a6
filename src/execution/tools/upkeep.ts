import { z } from 'zod'
import {
  proposalSchema,
  type Tool,
  type ToolContext,
  type UpkeepResult,
  upkeepResultSchema,
  type UpkeepVerdict,
  upkeepVerdictSchema,
  workItemSchema,
} from '../../contracts/index.ts'
import { errorCodes } from '../../kernel/index.ts'
import { hostsOf } from '../testing/index.ts'
import {
  upkeepErrors,
  type UpkeepKind,
  type UpkeepOffer,
  type UpkeepPlace,
  verdictOf,
} from '../upkeep/index.ts'
import {
  type ExecutionPlaces,
  openSandbox,
  type Workspace,
  workspaceFailures,
  workspaceLayers,
  workspaceSchema,
} from './workspace.ts'

const proposeSchema = z.object({ workItem: workItemSchema, workspace: workspaceSchema })
const verifySchema = proposeSchema.extend({ proposal: proposalSchema })

const failureModes = [...errorCodes(upkeepErrors), ...workspaceFailures]
/** Where the sandbox sees the certificates of the registry. */
const registryCertificates = '/opt/atelier/registry-ca.pem'

const worstCase = { money: 0, tokens: 0, toolCalls: 1, seconds: 1800 }

/** The tool of a kind of work: `lint-fix.propose` and its like. */
export function proposeTool(
  places: ExecutionPlaces,
  kind: UpkeepKind,
): Tool<z.infer<typeof proposeSchema>, UpkeepResult> {
  return {
    name: `${kind.kind}.propose`,
    summary: kind.summary,
    input: proposeSchema,
    output: upkeepResultSchema,
    effect: 'workspace',
    permissions: ['workspace:edit', 'registry:read'],
    failureModes,
    worstCase,
    async perform({ workItem, workspace }, context) {
      const place = await openPlace(places, workspace, context)
      const offer = await kind.propose(place, workItem.task)
      return resultOf(place, workspace, offer)
    },
  }
}

/** What verifies the change of a kind of work by itself, beside the tests: `lint-fix.verify` and its like. */
export function verifyKindTool(
  places: ExecutionPlaces,
  kind: UpkeepKind,
): Tool<z.infer<typeof verifySchema>, UpkeepVerdict> {
  return {
    name: `${kind.kind}.verify`,
    summary: `Measures base and change anew: ${kind.kind}.`,
    input: verifySchema,
    output: upkeepVerdictSchema,
    effect: 'workspace',
    permissions: ['registry:read'],
    failureModes,
    worstCase,
    async perform({ workItem, workspace, proposal }, context) {
      const place = await openPlace(places, workspace, context)
      return verdictOf(await kind.verify(place, workItem.task, proposal.tree))
    },
  }
}

async function resultOf(
  { repository }: UpkeepPlace,
  { base }: Workspace,
  offer: UpkeepOffer,
): Promise<UpkeepResult> {
  const { tree, explanation, found, findings = [], record = {} } = offer
  if (tree === base.tree) return { outcome: 'unchanged', explanation, found: [...found] }
  return {
    outcome: 'changed',
    tree,
    change: await repository.describeChange(base, tree),
    explanation,
    found: [...found],
    findings: [...findings],
    record: z.record(z.string(), z.json()).parse(record),
  }
}

async function openPlace(
  places: ExecutionPlaces,
  workspace: Workspace,
  context: ToolContext,
): Promise<UpkeepPlace> {
  const { suite, base, location } = workspace
  const registries = await places.registries()
  const registry = suite.packageManager === 'pip' ? registries.pip : registries.npm
  return {
    repository: await places.repositories.open({ tenantId: context.tenantId, location }),
    baseTree: base.tree,
    directory: suite.directory,
    packageManager: suite.packageManager,
    registries,
    signal: context.signal,
    report: (message) => context.report(message),
    async within(tree, needs, work) {
      const { caFile } = registry
      const reach = needs.egress === 'registry'
      const sandbox = await openSandbox(places, workspace, tree, context, {
        dependencies: needs.dependencies,
        egress: reach ? { kind: 'allow-list', hosts: hostsOf(registry) } : { kind: 'none' },
        binds: [
          ...(needs.binds ?? []),
          ...(reach && caFile !== undefined ? [{ source: caFile, target: registryCertificates }] : []),
        ],
      })
      try {
        return await work(sandbox)
      } finally {
        await sandbox.destroy()
      }
    },
    async install(tree) {
      return (await workspaceLayers(places, workspace, tree, context, 'tree')).notes
    },
  }
}
