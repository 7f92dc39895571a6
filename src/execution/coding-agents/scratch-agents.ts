import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { promisify } from 'node:util'
import { createId, digestOf } from '../../kernel/index.ts'
import {
  type ModelServer,
  type ModelServerOptions,
  ScratchWorkbench,
  startModelServer,
} from '../../testing/index.ts'
import type { Workspace } from '../tools/index.ts'
import type { CodingAgentRequest } from './port.ts'

const sample = join(import.meta.dirname, '../../../examples/appointments')
const run = promisify(execFile)

/** Versions of real agents that the tests install; what they need is in npm packages without install scripts. */
const agentPackages = {
  codex: '@openai/codex@0.169.0',
  'claude-code': '@anthropic-ai/claude-code@2.1.330',
} as const

/**
 * Installs an agent from npm into a folder below the temporary directory, which later test runs find again. A string
 * says why it could not be had.
 */
export async function installAgent(name: keyof typeof agentPackages): Promise<{ folder: string } | string> {
  const cache = join(tmpdir(), `atelier-coding-agents-${process.getuid?.() ?? 0}`)
  const folder = join(cache, digestOf(agentPackages[name]).slice('sha256:'.length, 'sha256:'.length + 16))
  if (existsSync(join(folder, 'complete'))) return { folder }
  await mkdir(cache, { recursive: true, mode: 0o755 })
  const making = await mkdtemp(join(cache, 'making-'))
  try {
    await chmod(making, 0o755)
    await writeFile(join(making, 'package.json'), '{"private":true}')
    const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock', '--loglevel=error']
    const environment = { ...process.env, npm_config_cache: join(cache, 'npm'), HOME: cache }
    await run('npm', ['install', ...options, agentPackages[name]], { cwd: making, env: environment })
    await writeFile(join(making, 'complete'), '')
    await rename(making, folder).catch((error: unknown) => {
      if (!existsSync(join(folder, 'complete'))) throw error
    })
    return { folder }
  } catch (error) {
    const reason = String(error)
    if (/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ENETUNREACH/.test(reason))
      return `the registry cannot be reached: ${reason.slice(0, 300)}`
    throw error
  } finally {
    await rm(making, { recursive: true, force: true })
  }
}

/** The sample repository with its bug, a scripted model behind a socket, and sandboxes to work in. */
export class ScratchAgents implements AsyncDisposable {
  readonly workbench: ScratchWorkbench
  readonly workspace: Workspace
  readonly #folder: string
  readonly #servers: ModelServer[] = []

  private constructor(workbench: ScratchWorkbench, workspace: Workspace, folder: string) {
    this.workbench = workbench
    this.workspace = workspace
    this.#folder = folder
  }

  static async open(more: Readonly<Record<string, string>> = {}): Promise<ScratchAgents> {
    const workbench = await ScratchWorkbench.open()
    const location = workbench.repository({ ...(await readSample()), ...more })
    const { workspace } = await workbench.prepare(location, { kind: 'repair' })
    const folder = await mkdtemp(join(tmpdir(), 'atelier-agents-'))
    await chmod(folder, 0o755)
    return new ScratchAgents(workbench, workspace, folder)
  }

  /** A scripted model at a socket, in place of the gateway. */
  async model(options: ModelServerOptions): Promise<{ server: ModelServer; socket: string }> {
    const socket = join(this.#folder, `${createId('s').slice(-8)}.sock`)
    const server = await startModelServer({ ...options, socket })
    await chmod(socket, 0o666)
    this.#servers.push(server)
    return { server, socket }
  }

  /** A folder with a program of ours in it, as an installation has it. */
  async installation(files: Readonly<Record<string, string>>): Promise<{ folder: string }> {
    const folder = join(this.#folder, createId('program'))
    await mkdir(folder)
    for (const [name, source] of Object.entries(files))
      await cp(source, join(folder, name), { recursive: true })
    return { folder }
  }

  request(socket: string, folder: string, more: Partial<CodingAgentRequest> = {}): CodingAgentRequest {
    return {
      workspace: this.workspace,
      tree: this.workspace.base.tree,
      prompt: 'Repair the bug that ISSUE.md describes.',
      gateway: { socket, key: 'task-key-1', model: 'scripted' },
      installation: { folder },
      limits: { seconds: 240, acts: 100, concurrentActs: 4, sandbox: { memoryBytes: 4 * 2 ** 30 } },
      existingTests: 'protected',
      ...more,
    }
  }

  /** Text of a file in a tree. */
  async read(tree: string, path: string): Promise<string> {
    const { places } = this.workbench
    const { tenantId } = this.workbench.context()
    const repository = await places.repositories.open({ tenantId, location: this.workspace.location })
    return new TextDecoder().decode((await repository.readFiles(tree, [path])).get(path))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.#servers) await server.close()
    await this.workbench[Symbol.asyncDispose]()
    await rm(this.#folder, { recursive: true, force: true })
  }
}

async function readSample(): Promise<Record<string, string>> {
  const entries = await readdir(sample, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile() && !entry.parentPath.includes('node_modules'))
  return Object.fromEntries(
    await Promise.all(
      files.map(async (entry) => {
        const path = join(entry.parentPath, entry.name)
        return [relative(sample, path), await readFile(path, 'utf8')] as const
      }),
    ),
  )
}
