import { chmod, mkdir, readFile, readdir, rename, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { Logger } from '../../kernel/index.ts'
import { processIds, readProcess } from './process-tree.ts'
import { removeTree } from './remove-tree.ts'

/** Who made a sandbox: enough to tell later whether that process still lives. */
const ownerSchema = z.object({ runId: z.string(), pid: z.number().int(), startTime: z.string() })

const unfinishedMs = 60_000

/**
 * The directory in which each sandbox has a directory of its own, with a file that names the process it belongs to.
 * After a crash the next studio finds there what was left behind.
 */
export class SandboxRecords {
  readonly #directory: string

  private constructor(directory: string) {
    this.#directory = directory
  }

  static async open(stateDirectory: string): Promise<SandboxRecords> {
    const directory = join(stateDirectory, 'sandboxes')
    await mkdir(directory, { recursive: true, mode: 0o755 })
    return new SandboxRecords(directory)
  }

  directoryOf(id: string): string {
    return join(this.#directory, id)
  }

  /** Makes the sandbox's directory together with its record, in one step, and returns it. */
  async add(id: string, runId: string): Promise<string> {
    const unfinished = `${this.directoryOf(id)}.new`
    await mkdir(unfinished)
    await chmod(unfinished, 0o755)
    const startTime = readProcess(process.pid)?.startTime ?? ''
    await writeFile(join(unfinished, 'owner.json'), JSON.stringify({ runId, pid: process.pid, startTime }))
    await rename(unfinished, this.directoryOf(id))
    return this.directoryOf(id)
  }

  async remove(id: string): Promise<void> {
    await removeTree(this.directoryOf(id))
  }

  /** Ends and removes every sandbox whose owner is dead. Returns how many there were. */
  async reap(logger: Logger, end: (id: string, directory: string) => void | Promise<void>): Promise<number> {
    let reaped = 0
    for (const name of await readdir(this.#directory)) {
      if (await this.#isOwned(name)) continue
      const id = name.replace(/\.new$/, '')
      try {
        await end(id, join(this.#directory, name))
        await removeTree(join(this.#directory, name))
        reaped += 1
        logger.log('warn', { sandbox: id }, 'Removed a sandbox that a crash left behind')
      } catch (error) {
        logger.log('error', { sandbox: id, error }, 'Could not remove a sandbox that a crash left behind')
      }
    }
    return reaped
  }

  async #isOwned(name: string): Promise<boolean> {
    const directory = join(this.#directory, name)
    try {
      if (name.endsWith('.new')) return Date.now() - (await stat(directory)).mtimeMs < unfinishedMs
      const owner = ownerSchema.parse(JSON.parse(await readFile(join(directory, 'owner.json'), 'utf8')))
      return isAlive(owner.pid, owner.startTime)
    } catch {
      return false
    }
  }
}

/** Whether the very process lives that had this number and start time; without procfs the number has to do. */
function isAlive(pid: number, startTime: string): boolean {
  if (processIds().length > 0) {
    const found = readProcess(pid)
    return found !== null && found.state !== 'Z' && found.startTime === startTime
  }
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
