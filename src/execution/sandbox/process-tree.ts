import { readFileSync, readdirSync } from 'node:fs'

/** One process as `/proc` shows it (proc_pid_stat(5)). */
export interface ProcessEntry {
  readonly pid: number
  readonly parent: number
  readonly session: number
  /** One letter: `R`, `S`, `D`, `T`, `Z` … */
  readonly state: string
  /** Clock ticks after boot; with the pid it names a process for ever. */
  readonly startTime: string
}

/** A process, or null if there is none by that number (any more). `proc` is a mount of procfs. */
export function readProcess(pid: number, proc = '/proc'): ProcessEntry | null {
  let line: string
  try {
    line = readFileSync(`${proc}/${pid}/stat`, 'latin1')
  } catch {
    return null
  }
  // The name stands in parentheses and may itself contain parentheses and spaces.
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ')
  const [state = '', parent = '', , session = ''] = fields
  return { pid, parent: Number(parent), session: Number(session), state, startTime: fields[19] ?? '' }
}

/** The numbers of all processes of the namespace that `proc` shows; none where there is no procfs. */
export function processIds(proc = '/proc'): readonly number[] {
  try {
    return readdirSync(proc)
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
  } catch {
    return []
  }
}

/** Ends one process by its number on the host; it may have ended already. */
export function killProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // ESRCH: it ended in the meantime. EPERM: the number was given to somebody else's process.
  }
}

/** How the processes of one tree are recognised. */
export interface TreeMarks {
  /** The first process, which leads a session of its own. Absent when only the marker is known. */
  readonly root?: number
  /** `NAME=value` of a variable that every process of the tree inherited; unique to the tree. */
  readonly marker?: string
}

/**
 * The processes that a root process brought forth: its descendants, everything in its session, and everything that
 * still carries its marker variable although it was adopted by init (a daemon that called setsid). What is found
 * here is going to be killed, so init, this process and its ancestors are never part of a tree, whatever the marks.
 */
export function findTree({ root, marker }: TreeMarks): readonly ProcessEntry[] {
  const entries = processIds()
    .map((pid) => readProcess(pid))
    .filter((entry) => entry !== null)
    .filter((entry) => entry.state !== 'Z')
  const spared = lineOf(process.pid, new Map(entries.map((entry) => [entry.pid, entry])))
  const children = Map.groupBy(entries, (entry) => entry.parent)
  const found = new Map<number, ProcessEntry>()
  const add = (entry: ProcessEntry): void => {
    if (found.has(entry.pid) || spared.has(entry.pid)) return
    found.set(entry.pid, entry)
    for (const child of children.get(entry.pid) ?? []) add(child)
  }
  const isRoot = (entry: ProcessEntry): boolean =>
    root !== undefined && root > 1 && (entry.pid === root || entry.session === root)
  for (const entry of entries)
    if (isRoot(entry) || (marker !== undefined && carries(entry.pid, marker))) add(entry)
  return [...found.values()]
}

/** A process, its parent, and so on up to init and the kernel's own number 0. */
function lineOf(pid: number, entries: ReadonlyMap<number, ProcessEntry>): ReadonlySet<number> {
  const line = new Set([0, 1, 2])
  for (let at: number | undefined = pid; at !== undefined && !line.has(at); at = entries.get(at)?.parent)
    line.add(at)
  return line
}

function carries(pid: number, marker: string): boolean {
  try {
    return `\0${readFileSync(`/proc/${pid}/environ`, 'latin1')}`.includes(`\0${marker}\0`)
  } catch {
    return false
  }
}
