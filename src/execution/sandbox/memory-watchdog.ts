import { readFileSync, statfsSync } from 'node:fs'

/** A set of processes whose memory is watched together. */
export interface WatchedMemory {
  /** Mount of procfs in which the numbers count. */
  readonly proc: string
  readonly processes: () => readonly number[]
  /** Mount of a tmpfs, whose files are held in memory outside any process. It may be gone at any time. */
  readonly tmpfs?: string
}

const tickMs = 100
/** Size of a page on x86_64 and on nearly all aarch64 kernels; where pages are larger the sum is an underestimate. */
const pageBytes = 4096

/** Calls `onExceeded` once when the memory of all processes together passes the limit; returns how to stop. */
export function watchMemory(watched: WatchedMemory, limitBytes: number, onExceeded: () => void): () => void {
  const timer = setInterval(() => {
    if (!exceeds(watched, limitBytes)) return
    clearInterval(timer)
    onExceeded()
  }, tickMs)
  return () => clearInterval(timer)
}

/**
 * Resident sizes count shared pages once per process, so their sum is an upper bound that costs next to nothing to
 * read. Only when it passes the limit are the exact proportional sizes (PSS) summed up.
 */
function exceeds({ proc, processes, tmpfs }: WatchedMemory, limitBytes: number): boolean {
  const pids = processes()
  const files = tmpfs === undefined ? 0 : fileBytes(tmpfs)
  const resident = sum(pids, (pid) => residentBytes(`${proc}/${pid}`))
  return (
    resident + files > limitBytes && sum(pids, (pid) => exactBytes(`${proc}/${pid}`)) + files > limitBytes
  )
}

function fileBytes(tmpfs: string): number {
  try {
    const { bsize, blocks, bfree } = statfsSync(tmpfs)
    return bsize * (blocks - bfree)
  } catch {
    return 0
  }
}

function residentBytes(directory: string): number {
  return Number(read(`${directory}/statm`).split(' ')[1] ?? 0) * pageBytes
}

function exactBytes(directory: string): number {
  const match = /^Pss:\s+(\d+) kB/m.exec(read(`${directory}/smaps_rollup`))
  return match === null ? residentBytes(directory) : Number(match[1]) * 1024
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}

function sum<T>(values: readonly T[], of: (value: T) => number): number {
  return values.reduce((total, value) => total + of(value), 0)
}
