import { accessSync, constants, existsSync, readFileSync } from 'node:fs'
import { mkdir, readFile, rmdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isMissing } from '../layer-files.ts'
import { childrenOf } from './host-processes.ts'

/** What a control group is to hold back. */
export interface CgroupLimits {
  readonly memoryBytes: number
  readonly processes: number
}

/**
 * Where this process may make control groups: in the unified hierarchy next to its own group, if that part was
 * delegated to it, or, for root of older systems, one group for each controller.
 */
export type CgroupPlace =
  | { readonly version: 2; readonly parent: string }
  | { readonly version: 1; readonly memory: string; readonly processes: string }

/** Finds the place, or null where there is none; then processes are limited by what does not need groups. */
export function findCgroupPlace(
  root = '/sys/fs/cgroup',
  membership = '/proc/self/cgroup',
): CgroupPlace | null {
  const own = new Map<string, string>()
  for (const [, controllers = '', path = ''] of readOrEmpty(membership).matchAll(/^\d+:([^:]*):(.*)$/gm))
    for (const controller of controllers.split(',')) own.set(controller, path)
  if (existsSync(join(root, 'cgroup.controllers'))) {
    const parent = dirname(join(root, own.get('') ?? '/'))
    const enabled = readOrEmpty(join(parent, 'cgroup.subtree_control')).split(/\s+/)
    const isDelegated = ['.', 'cgroup.procs'].every((file) => isWritable(join(parent, file)))
    return isDelegated && enabled.includes('memory') && enabled.includes('pids')
      ? { version: 2, parent }
      : null
  }
  const [memory, processes] = ['memory', 'pids'].map((name) => join(root, name, own.get(name) ?? '/'))
  if (memory === undefined || processes === undefined || !isWritable(memory) || !isWritable(processes))
    return null
  return { version: 1, memory, processes }
}

/**
 * A control group of one sandbox: the kernel's own limits on memory, of files in memory and the kernel's bookkeeping
 * too, and on processes. It comes on top of the limits that work for everybody, so a group that cannot be had, or a
 * process that ends before it is moved, weakens nothing.
 */
export class Cgroup {
  readonly #directories: readonly string[]
  readonly #events: string

  private constructor(directories: readonly string[], events: string) {
    this.#directories = directories
    this.#events = events
  }

  static async make(place: CgroupPlace, name: string, limits: CgroupLimits): Promise<Cgroup> {
    const { memoryBytes, processes } = limits
    if (place.version === 2) {
      const directory = join(place.parent, name)
      await mkdir(directory)
      await writeFile(join(directory, 'memory.max'), String(memoryBytes))
      await writeFile(join(directory, 'pids.max'), String(processes))
      await writeFile(join(directory, 'memory.oom.group'), '0').catch(() => undefined)
      return new Cgroup([directory], join(directory, 'memory.events'))
    }
    const memory = join(place.memory, name)
    const pids = join(place.processes, name)
    await mkdir(memory)
    await mkdir(pids)
    await writeFile(join(memory, 'memory.limit_in_bytes'), String(memoryBytes))
    await writeFile(join(pids, 'pids.max'), String(processes))
    return new Cgroup([memory, pids], join(memory, 'memory.oom_control'))
  }

  /**
   * Moves a process and all its descendants into the group. That takes the kernel some milliseconds, so it is done
   * while the command starts; whatever was forked meanwhile is found in the next round.
   */
  async addTree(root: number): Promise<void> {
    const moved = new Set<number>()
    for (let round = 0; round < 20; round += 1) {
      const missing = treeOf(root).filter((pid) => !moved.has(pid))
      if (missing.length === 0) return
      for (const pid of missing) {
        moved.add(pid)
        for (const directory of this.#directories)
          // It may have ended in the meantime.
          await writeFile(join(directory, 'cgroup.procs'), String(pid)).catch(() => undefined)
      }
    }
  }

  /** How many processes the kernel has killed because the group was out of memory. */
  async memoryKills(): Promise<number> {
    const text = await readFile(this.#events, 'utf8').catch(() => '')
    return Number(/^oom_kill (\d+)/m.exec(text)?.[1] ?? 0)
  }

  /** Removes the group once all its processes are dead, which the kernel may notice a little later than others. */
  async remove(): Promise<void> {
    for (const directory of this.#directories) await removeGroup(directory)
  }
}

/** Removes what a crash left of a sandbox's group. */
export async function removeCgroup(place: CgroupPlace, name: string): Promise<void> {
  const parents = place.version === 2 ? [place.parent] : [place.memory, place.processes]
  for (const parent of parents) await removeGroup(join(parent, name))
}

async function removeGroup(directory: string): Promise<void> {
  for (let round = 0; ; round += 1)
    try {
      await rmdir(directory)
      return
    } catch (error) {
      if (isMissing(error)) return
      if (round === 100) throw error
      await sleep(10)
    }
}

function treeOf(root: number): readonly number[] {
  return [root, ...childrenOf(root).flatMap(treeOf)]
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK)
    return true
  } catch {
    return false
  }
}
