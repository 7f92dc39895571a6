import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import type { ToolContext, WorkItem, WorkTask } from '../contracts/index.ts'
import { RepositoryHost } from '../execution/repository/index.ts'
import { createNamespaceHost, createUnconfinedHost, probeSandbox } from '../execution/sandbox/index.ts'
import { locateToolchain, publicRegistries, type Registries } from '../execution/testing/index.ts'
import {
  type ExecutionPlaces,
  prepareTool,
  proposeTool,
  verifyKindTool,
  type Workspace,
} from '../execution/tools/index.ts'
import { type UpkeepKind, upkeepKinds } from '../execution/upkeep/index.ts'
import { createId, silentLogger } from '../kernel/index.ts'
import { toolContextOf } from './tool-context.ts'

/** A small project with a linter, a formatter and a lock file, as `test/fixtures/till` has it. */
const sampleProject = join(import.meta.dirname, '../../test/fixtures/till')

type Files = Readonly<Record<string, string | Uint8Array>>

/** Everything that tools work with, for tests: real repositories, sandboxes and registries. */
export class ScratchWorkbench implements AsyncDisposable {
  readonly places: ExecutionPlaces
  readonly #folder: string
  readonly #repositories: RepositoryHost
  #count = 0

  private constructor(
    folder: string,
    repositories: RepositoryHost,
    places: Omit<ExecutionPlaces, 'repositories'>,
  ) {
    this.#folder = folder
    this.#repositories = repositories
    this.places = { ...places, repositories }
  }

  static async open(): Promise<ScratchWorkbench> {
    const folder = mkdtempSync(join(tmpdir(), 'atelier-workbench-'))
    chmodSync(folder, 0o755)
    const repositories = new RepositoryHost({
      stateDirectory: join(folder, 'repositories'),
      workingDirectory: folder,
      environment: { PATH: process.env['PATH'] },
    })
    const isolated = (await probeSandbox()).usable
    const options = { stateDirectory: join(folder, 'sandboxes'), logger: silentLogger }
    return new ScratchWorkbench(folder, repositories, {
      sandboxes: isolated ? await createNamespaceHost(options) : await createUnconfinedHost(options),
      isolation: isolated ? 'namespaces' : 'none',
      limits: {
        memoryBytes: 2 * 2 ** 30,
        processes: 256,
        diskBytes: 2 ** 30,
        outputBytes: 8 * 2 ** 20,
        cpuSeconds: 300,
      },
      toolchain: await locateToolchain({
        searchPath: process.env['PATH'] ?? '',
        pinnedNode: process.execPath,
      }),
      registries: () => Promise.resolve(registriesOfThisMachine()),
      dependencyCache: join(folder, 'dependencies'),
    })
  }

  /** A repository with these files in one commit; its path. */
  repository(files: Files): string {
    this.#count += 1
    const root = join(this.#folder, `project-${this.#count}`)
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(dirname(join(root, name)), { recursive: true })
      writeFileSync(join(root, name), content)
    }
    const git = (...args: readonly string[]): void => {
      const identity = [
        '-c',
        'user.name=Ada',
        '-c',
        'user.email=ada@example.org',
        '-c',
        'core.hooksPath=/dev/null',
      ]
      execFileSync('git', ['-C', root, ...identity, ...args], { stdio: 'pipe' })
    }
    git('init', '--quiet', '--initial-branch=main')
    git('add', '--all', '--force')
    git('commit', '--quiet', '--message', 'Begin')
    return root
  }

  /** A repository with the files of the sample, some of them replaced. */
  sample(files: Files = {}): string {
    return this.repository({ ...readSample(), ...files })
  }

  async prepare(location: string, task: WorkTask): Promise<Prepared> {
    const workItem: WorkItem = {
      id: createId('wrk'),
      title: 'Upkeep',
      body: '',
      source: 'cli',
      reporter: 'person:owner',
      repository: { location },
      task,
      labels: [],
      createdAt: new Date(0).toISOString(),
    }
    const context = this.context()
    const workspace = await prepareTool(this.places).perform({ workItem }, context)
    return { workItem, workspace, context }
  }

  /** What the kind of work of a task proposes. */
  async propose(location: string, task: WorkTask) {
    const { workItem, workspace, context } = await this.prepare(location, task)
    return proposeTool(this.places, kindOf(task)).perform({ workItem, workspace }, context)
  }

  /** The same, and what verifying says of it, or of another tree in its place. */
  async proposeAndVerify(location: string, task: WorkTask) {
    const { workItem, workspace, context } = await this.prepare(location, task)
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
    return toolContextOf('tenant-a')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.places.sandboxes.close()
    this.#repositories.close()
    rmSync(this.#folder, { recursive: true, force: true })
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

/** The public registries, with the certificates of this machine. */
function registriesOfThisMachine(): Registries {
  const caFile = [process.env['NODE_EXTRA_CA_CERTS'], process.env['SSL_CERT_FILE']].find(
    (file) => file !== undefined && existsSync(file),
  )
  const certificates = caFile === undefined ? {} : { caFile }
  return {
    npm: { url: process.env['npm_config_registry'] ?? publicRegistries.npm.url, ...certificates },
    pip: { url: process.env['PIP_INDEX_URL'] ?? publicRegistries.pip.url, ...certificates },
  }
}
