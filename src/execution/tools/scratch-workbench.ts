import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { ToolContext, WorkItem, WorkTask } from '../../contracts/index.ts'
import { createId, type PrincipalId, type RunId, silentLogger, type TenantId } from '../../kernel/index.ts'
import { Scratch, type WorkingRepository } from '../repository/scratch-repository.ts'
import { registriesOfThisMachine, ScratchProjects } from '../testing/scratch-project.ts'
import { type UpkeepKind, upkeepKinds } from '../upkeep/index.ts'
import { prepareTool } from './prepare.ts'
import { proposeTool, verifyKindTool } from './upkeep.ts'
import type { ExecutionPlaces, Workspace } from './workspace.ts'

/** A small project with a linter, a formatter and a lock file, as `test/fixtures/till` has it. */
export const sampleProject = join(import.meta.dirname, '../../../test/fixtures/till')

/** Everything that tools work with, for tests: real repositories, sandboxes and registries. */
export class ScratchWorkbench implements AsyncDisposable {
  readonly scratch: Scratch
  readonly projects: ScratchProjects
  readonly places: ExecutionPlaces
  #count = 0

  private constructor(scratch: Scratch, projects: ScratchProjects, isolation: ExecutionPlaces['isolation']) {
    this.scratch = scratch
    this.projects = projects
    this.places = {
      repositories: scratch.host,
      sandboxes: projects.host,
      isolation,
      limits: {
        memoryBytes: 2 * 2 ** 30,
        processes: 256,
        diskBytes: 2 ** 30,
        outputBytes: 8 * 2 ** 20,
        cpuSeconds: 300,
      },
      toolchain: projects.toolchain,
      registries: () => Promise.resolve(registriesOfThisMachine()),
      dependencyCache: projects.cacheDirectory,
    }
  }

  static async open(): Promise<ScratchWorkbench> {
    return new ScratchWorkbench(new Scratch(), await ScratchProjects.open(), 'namespaces')
  }

  /** A repository with these files. */
  repository(files: Readonly<Record<string, string | Uint8Array>>): WorkingRepository {
    this.#count += 1
    return this.scratch.repository(`project-${this.#count}`, files)
  }

  /** A repository with the files of the sample, some of them replaced. */
  sample(files: Readonly<Record<string, string>> = {}): WorkingRepository {
    return this.repository({ ...readSample(), ...files })
  }

  async prepare(repository: WorkingRepository, task: WorkTask): Promise<Prepared> {
    const workItem: WorkItem = {
      id: createId('wrk'),
      title: 'Upkeep',
      body: '',
      source: 'cli',
      reporter: 'person:owner',
      repository: { location: repository.path },
      task,
      createdAt: new Date(0).toISOString(),
    }
    const context = this.context()
    const workspace = await prepareTool(this.places).perform({ workItem }, context)
    return { workItem, workspace, context }
  }

  /** What the kind of work of a task proposes. */
  async propose(repository: WorkingRepository, task: WorkTask) {
    const { workItem, workspace, context } = await this.prepare(repository, task)
    return proposeTool(this.places, kindOf(task)).perform({ workItem, workspace }, context)
  }

  /** The same, and what verifying says of it, or of another tree in its place. */
  async proposeAndVerify(repository: WorkingRepository, task: WorkTask) {
    const { workItem, workspace, context } = await this.prepare(repository, task)
    const result = await proposeTool(this.places, kindOf(task)).perform({ workItem, workspace }, context)
    if (result.outcome === 'unchanged') throw new Error(`nothing was proposed: ${result.explanation}`)
    const verify = (tree: string) =>
      verifyKindTool(this.places, kindOf(task)).perform(
        { workItem, workspace, proposal: { ...result, tree } },
        context,
      )
    const opened = await this.places.repositories.open({
      tenantId: context.tenantId,
      location: workspace.location,
    })
    return { result, verdict: await verify(result.tree), verify, repository: opened }
  }

  context(): ToolContext {
    const tenantId = 'tenant-a' as TenantId
    return {
      tenantId,
      runId: createId('run') as RunId,
      stepId: 'test',
      attempt: 1,
      principal: {
        kind: 'person',
        id: 'person:owner' as PrincipalId,
        tenantId,
        roles: ['owner'],
        onBehalfOf: undefined,
      },
      idempotencyKey: createId('key'),
      signal: new AbortController().signal,
      logger: silentLogger,
      report: () => undefined,
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.projects[Symbol.asyncDispose]()
    this.scratch[Symbol.dispose]()
  }
}

export interface Prepared {
  readonly workItem: WorkItem
  readonly workspace: Workspace
  readonly context: ToolContext
}

function kindOf(task: WorkTask): UpkeepKind {
  const kind = upkeepKinds.find((one) => one.kind === task.kind)
  if (kind === undefined) throw new Error(task.kind)
  return kind
}

function readSample(): Record<string, string> {
  const entries = readdirSync(sampleProject, { recursive: true, withFileTypes: true })
  return Object.fromEntries(
    entries
      .filter((entry) => entry.isFile())
      .map((entry) => {
        const path = join(entry.parentPath, entry.name)
        return [relative(sampleProject, path), readFileSync(path, 'utf8')] as const
      }),
  )
}
