import { spawn, type ChildProcess } from 'node:child_process'
import { accessSync, constants, existsSync, statSync } from 'node:fs'
import { mkdir, readFile, realpath, stat, writeFile } from 'node:fs/promises'
import { delimiter, dirname, join, posix, sep } from 'node:path'
import { createId, type Logger } from '../../../kernel/index.ts'
import { checkCommand, checkSpec, insidePath, pathsToFreeze, systemPath, workspacePath } from '../command.ts'
import { sandboxErrors } from '../errors.ts'
import { limitArguments } from '../hard-limits.ts'
import { applyLayer, isMissing, statusOf, writeLayer } from '../layer-files.ts'
import { watchMemory } from '../memory-watchdog.ts'
import { findTree, killProcess, processIds, type TreeMarks } from '../process-tree.ts'
import { SandboxRecords } from '../records.ts'
import { removeTree } from '../remove-tree.ts'
import { RunningSet } from '../running-set.ts'
import { followProcess, KillSwitch, notStarted, superviseToEnd } from '../supervision.ts'
import { takeSnapshot, writeChanges, type Snapshot } from './changes.ts'
import type {
  Sandbox,
  SandboxCommand,
  SandboxHost,
  SandboxProcess,
  SandboxResult,
  SandboxSpec,
} from '../port.ts'

export interface UnconfinedHostOptions {
  /** Directory for workspaces and records; made if it is missing. */
  readonly stateDirectory: string
  readonly logger: Logger
}

/**
 * A host without isolation, for repositories one trusts and for machines without namespaces: commands are ordinary
 * processes of this user in a private copy of the layers, with a clean environment, time, memory and output limits,
 * and an end of the whole process tree as far as that is possible without a process namespace. Limits on disk,
 * number of processes and egress do not hold here.
 */
export async function createUnconfinedHost(options: UnconfinedHostOptions): Promise<SandboxHost> {
  const records = await SandboxRecords.open(options.stateDirectory)
  const open = new Set<UnconfinedSandbox>()
  return {
    async create(spec) {
      checkSpec(spec)
      const id = createId('sbx')
      const directory = await records.add(id, spec.runId)
      const forget = async (): Promise<void> => {
        open.delete(sandbox)
        await records.remove(id)
      }
      const sandbox = new UnconfinedSandbox(id, directory, spec, forget)
      open.add(sandbox)
      try {
        await sandbox.prepare()
      } catch (error) {
        await sandbox.destroy()
        throw error
      }
      return sandbox
    },
    async reap() {
      return records.reap(options.logger, (id) => endTree({ marker: markerOf(id) }))
    },
    async close() {
      await Promise.all([...open].map((sandbox) => sandbox.destroy()))
    },
  }
}

/** Every process of a sandbox inherits this variable, by which daemons are found again. */
const markerOf = (id: string): string => `ATELIER_SANDBOX=${id}`

/** Tells the processes of one command from those of others that run in the same sandbox. */
const commandVariable = 'ATELIER_COMMAND'

class UnconfinedSandbox implements Sandbox {
  readonly id: string
  readonly isolation = 'none'
  readonly #directory: string
  readonly #spec: SandboxSpec
  readonly #forget: () => Promise<void>
  readonly #running: RunningSet
  #layers: readonly string[]
  #original: Snapshot = new Map()

  constructor(id: string, directory: string, spec: SandboxSpec, forget: () => Promise<void>) {
    this.id = id
    this.#directory = directory
    this.#spec = spec
    this.#forget = forget
    this.#layers = spec.layers
    this.#running = new RunningSet(id)
  }

  async prepare(): Promise<void> {
    for (const source of [...this.#spec.layers, ...this.#spec.readOnlyBinds.map((bind) => bind.source)])
      if (!existsSync(source)) throw sandboxErrors.LAYER_MISSING({ detail: source })
    await this.#restore()
    this.#original = await takeSnapshot(this.locate(workspacePath))
  }

  locate(path: string): string {
    const inside = insidePath(path)
    const places = [
      ...this.#spec.readOnlyBinds,
      { target: workspacePath, source: join(this.#directory, 'workspace') },
      { target: '/tmp', source: join(this.#directory, 'tmp') },
    ]
    const place = places
      .filter(({ target }) => inside === target || inside.startsWith(`${target}/`))
      .sort((a, b) => b.target.length - a.target.length)[0]
    return place === undefined ? inside : posix.join(place.source, inside.slice(place.target.length))
  }

  async run(command: SandboxCommand): Promise<SandboxResult> {
    const launched = this.#launch(command, command.stdin === undefined ? 'ignore' : 'pipe')
    const ended = superviseToEnd(launched.child, launched.kill, command, this.#spec.limits.outputBytes)
    this.#running.add(launched.kill, ended)
    try {
      const { stdout, stderr, ...rest } = await ended
      return { ...rest, stdout: stdout.toString('utf8'), stderr: stderr.toString('utf8') }
    } catch (error) {
      throw notStarted(command.argv[0], error)
    }
  }

  start(command: Omit<SandboxCommand, 'stdin' | 'onOutput'>): SandboxProcess {
    const { child, kill } = this.#launch(command, 'pipe')
    const started = followProcess(child, kill, command)
    this.#running.add(kill, started.exited)
    return started
  }

  async readFile(path: string): Promise<Uint8Array | null> {
    this.#running.assertAlive()
    try {
      const file = await realpath(this.locate(path))
      if (!(await this.#isWithin(path, file))) return null
      return (await stat(file)).isFile() ? await readFile(file) : null
    } catch (error) {
      if (isMissing(error)) return null
      throw sandboxErrors.FILE_FAILED({ detail: path, cause: error })
    }
  }

  async writeFile(path: string, content: string | Uint8Array): Promise<void> {
    this.#running.assertAlive()
    const file = this.locate(path)
    try {
      await mkdir(dirname(file), { recursive: true })
      const parent = await realpath(dirname(file))
      const link = (await statusOf(file))?.isSymbolicLink() === true
      const final = link ? await realpath(file) : join(parent, posix.basename(file))
      if (!(await this.#isWithin(path, final))) throw new Error('the path leads out of the sandbox')
      await writeFile(final, content)
    } catch (error) {
      throw sandboxErrors.FILE_FAILED({ detail: path, cause: error })
    }
  }

  async freeze(target: string, only?: readonly string[]): Promise<string> {
    this.#running.assertIdle()
    const selected = pathsToFreeze(only)
    const layer = await writeLayer(target, (writer) =>
      writeChanges(this.locate(workspacePath), this.#original, writer, selected),
    )
    if (only === undefined) this.#layers = [...this.#spec.layers, layer]
    return layer
  }

  async rollback(): Promise<void> {
    this.#running.assertIdle()
    await this.#restore()
  }

  async destroy(): Promise<void> {
    if (!(await this.#running.destroy())) return
    endTree({ marker: markerOf(this.id) })
    await this.#forget()
  }

  async #restore(): Promise<void> {
    for (const place of ['workspace', 'tmp', 'home']) {
      await removeTree(join(this.#directory, place))
      await mkdir(join(this.#directory, place), { recursive: true, mode: 0o700 })
    }
    for (const layer of this.#layers) await applyLayer(layer, this.locate(workspacePath))
  }

  /** Whether a file lies where its path says: links of the repository must not lead out of the sandbox. */
  async #isWithin(path: string, file: string): Promise<boolean> {
    const root = await realpath(this.#directory)
    return !this.locate(path).startsWith(this.#directory + sep) || file.startsWith(root + sep)
  }

  #environment(env: Readonly<Record<string, string>> = {}): Record<string, string> {
    const path = (env['PATH'] ?? systemPath).split(delimiter).map((entry) => this.locate(entry))
    const [name = '', value = ''] = markerOf(this.id).split('=')
    return {
      HOME: join(this.#directory, 'home'),
      TMPDIR: join(this.#directory, 'tmp'),
      LANG: 'C.UTF-8',
      ...env,
      PATH: path.join(delimiter),
      [name]: value,
    }
  }

  #launch(command: SandboxCommand, stdin: 'ignore' | 'pipe'): { child: ChildProcess; kill: KillSwitch } {
    this.#running.assertAlive()
    checkCommand(command)
    const commandId = createId('cmd')
    const env: Record<string, string> = {
      ...this.#environment(command.env),
      [commandVariable]: commandId,
    }
    const cwd = this.locate(command.cwd ?? workspacePath)
    if (statSync(cwd, { throwIfNoEntry: false })?.isDirectory() !== true)
      throw sandboxErrors.BAD_COMMAND({
        detail: `the working directory ${command.cwd ?? workspacePath} does not exist`,
      })
    const program = this.#resolveProgram(command.argv[0], cwd, env['PATH'] ?? '')
    const argv = [...limitsOf(this.#spec), program, ...command.argv.slice(1)]
    const child = spawn(argv[0] ?? program, argv.slice(1), {
      cwd,
      env,
      detached: true,
      stdio: [stdin, 'pipe', 'pipe'],
    })
    const root = child.pid ?? -1
    const kill = new KillSwitch(() => {
      unwatch()
      endTree({ root, marker: `${commandVariable}=${commandId}` })
    })
    const unwatch = watchMemory(
      { proc: '/proc', processes: () => findTree({ root }).map(({ pid }) => pid) },
      this.#spec.limits.memoryBytes,
      () => kill.trip('memory'),
    )
    return { child, kill }
  }

  /** Finds the program as a shell would, so that a missing one is a clear error and no launcher's exit code. */
  #resolveProgram(name: string, cwd: string, path: string): string {
    const candidates = name.includes('/')
      ? [name.startsWith('/') ? this.locate(name) : join(cwd, name)]
      : path.split(delimiter).map((directory) => join(directory, name))
    const program = candidates.find(isProgram)
    if (program === undefined) throw sandboxErrors.PROGRAM_NOT_FOUND({ detail: name })
    return program
  }
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}

/** The arguments that set what limits an ordinary process can have, where the program for that is installed. */
function limitsOf({ limits }: SandboxSpec): readonly string[] {
  const prlimit = ['/usr/bin/prlimit', '/bin/prlimit'].find(isProgram)
  if (prlimit === undefined) return []
  // Processes are counted per user of the host here, so their number cannot be limited.
  const { memory, cpu, core } = limitArguments(limits)
  return [prlimit, memory, cpu, core, '--']
}

/** Ends a tree and its daemons; again and again, because a process may fork while it is being looked for. */
function endTree(marks: TreeMarks): void {
  for (let round = 0; round < 100; round += 1) {
    const found = findTree(marks)
    if (found.length === 0) break
    for (const { pid } of found) killProcess(pid)
  }
  // Without procfs the process group is all that is known.
  if (processIds().length === 0 && marks.root !== undefined && marks.root > 1) killProcess(-marks.root)
}
