import { z } from 'zod'
import type { ToolContext } from '../../contracts/index.ts'
import { errorCodes } from '../../kernel/index.ts'
import { type Repository, repositoryErrors, type RepositoryHost } from '../repository/index.ts'
import {
  type Sandbox,
  sandboxErrors,
  type SandboxHost,
  type SandboxLimits,
  type SandboxSpec,
} from '../sandbox/index.ts'
import {
  installDependencies,
  testingErrors,
  testSuiteSchema,
  type Registries,
  type Toolchain,
} from '../testing/index.ts'

/** A git object id. */
const objectIdSchema = z.string().regex(/^[0-9a-f]{40}([0-9a-f]{24})?$/)

/**
 * What the steps of a run need to know of its workspace. It names content and holds no path of a layer, so that any
 * process can go on with the run: layers are made again where they are missing.
 */
export const workspaceSchema = z.object({
  location: z.string(),
  base: z.object({
    commit: objectIdSchema,
    tree: objectIdSchema,
    branch: z.string().nullable(),
    subject: z.string(),
    committedAt: z.string(),
  }),
  suite: testSuiteSchema,
  isolation: z.enum(['namespaces', 'none']),
  /** What a person should know about how the workspace came about. */
  notes: z.array(z.string()),
})
export type Workspace = z.infer<typeof workspaceSchema>

/** Where the tools of a run find what they work with. */
export interface ExecutionPlaces {
  readonly repositories: RepositoryHost
  readonly sandboxes: SandboxHost
  readonly isolation: Workspace['isolation']
  readonly limits: SandboxLimits
  readonly toolchain: Toolchain
  readonly registries: () => Promise<Registries>
  /** Host directory under which layers of dependencies are kept. */
  readonly dependencyCache: string
}

/** How anything that opens a workspace can fail. */
export const workspaceFailures = errorCodes(repositoryErrors, testingErrors, sandboxErrors)

/** Commits of history in a workspace: enough for tools that ask git about recent changes. */
const cloneDepth = 50

export interface WorkspaceLayers {
  readonly repository: Repository
  /** Host directories below `/workspace`, lowest first. */
  readonly layers: readonly string[]
  readonly notes: readonly string[]
}

/**
 * Whose dependencies stand in a workspace. Those of a change are those of its base, since a change that edits the
 * manifest is for people to judge; `tree` is for the work that is about dependencies.
 */
export type Dependencies = 'base' | 'tree' | 'none'

/** The layers of a tree of the run's repository: installed dependencies, a `.git` that holds no future, and the files. */
export async function workspaceLayers(
  places: ExecutionPlaces,
  workspace: Omit<Workspace, 'notes'>,
  tree: string,
  context: Pick<ToolContext, 'tenantId' | 'runId' | 'signal' | 'report'>,
  dependencies: Dependencies = 'base',
): Promise<WorkspaceLayers> {
  const { tenantId, runId, signal } = context
  const repository = await places.repositories.open({ tenantId, location: workspace.location })
  const files = await repository.materialise(tree)
  const clone = await repository.materialiseClone(workspace.base, cloneDepth)
  if (dependencies === 'none') return { repository, layers: [files, clone], notes: [] }
  const isOwn = dependencies === 'tree' || tree === workspace.base.tree
  const base = isOwn ? files : await repository.materialise(workspace.base.tree)
  const installed = await installDependencies(places.sandboxes, {
    runId,
    tenantId,
    suite: workspace.suite,
    layers: [base],
    cacheDirectory: places.dependencyCache,
    registries: await places.registries(),
    toolchain: places.toolchain,
    before: workspace.base.committedAt,
    signal,
    onOutput: (_stream, chunk) => context.report(lastLine(chunk)),
  })
  return { repository, layers: [files, clone, ...installed.layers], notes: installed.explanation }
}

export interface SandboxOptions {
  readonly dependencies?: Dependencies
  readonly egress?: SandboxSpec['egress']
  readonly binds?: SandboxSpec['readOnlyBinds']
}

/** Opens a sandbox on a tree of the run's repository, without network unless it is asked for. The caller destroys it. */
export async function openSandbox(
  places: ExecutionPlaces,
  workspace: Workspace,
  tree: string,
  context: ToolContext,
  { dependencies, egress = { kind: 'none' }, binds = [] }: SandboxOptions = {},
): Promise<Sandbox> {
  const { layers } = await workspaceLayers(places, workspace, tree, context, dependencies)
  return places.sandboxes.create({
    runId: context.runId,
    layers,
    readOnlyBinds: [...places.toolchain.binds, ...binds],
    egress,
    limits: places.limits,
  })
}

function lastLine(chunk: Uint8Array): string {
  return new TextDecoder().decode(chunk).trimEnd().split('\n').at(-1)?.slice(0, 200) ?? ''
}
