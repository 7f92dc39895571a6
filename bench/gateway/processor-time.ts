import { readdirSync, readFileSync } from 'node:fs'

/** Milliseconds of processor time that a process has used, and those below it; Linux counts in hundredths of a second. */
export function processorTime(pid: number): number {
  const processes = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap(readProcess)
  let family = new Set([pid])
  for (;;) {
    const grown = new Set([
      ...family,
      ...processes.filter(({ parent }) => family.has(parent)).map((process) => process.pid),
    ])
    if (grown.size === family.size) break
    family = grown
  }
  return processes.filter((process) => family.has(process.pid)).reduce((sum, { ms }) => sum + ms, 0)
}

function readProcess(name: string): readonly { pid: number; parent: number; ms: number }[] {
  try {
    const line = readFileSync(`/proc/${name}/stat`, 'utf8')
    // The name of the program stands in brackets and may hold anything; proc(5) counts the fields after it.
    const fields = line.slice(line.lastIndexOf(')') + 2).split(' ')
    return [
      {
        pid: Number(name),
        parent: Number(fields[1]),
        ms: (Number(fields[11]) + Number(fields[12])) * 10,
      },
    ]
  } catch {
    // It has just ended.
    return []
  }
}
