import { readFileSync } from 'node:fs'
import { processIds, readProcess } from '../process-tree.ts'

/** The children of a process of the host, in the host's numbers; none if it has ended. */
export function childrenOf(pid: number): readonly number[] {
  try {
    const line = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim()
    return line === '' ? [] : line.split(' ').map(Number)
  } catch {
    // The process is gone, or the kernel was built without this file.
    return readProcess(pid) === null ? [] : processIds().filter((other) => readProcess(other)?.parent === pid)
  }
}

/**
 * Descriptors that this process inherited from whoever started it and would pass on, such as a log file a shell left
 * open. They are covered in the child; what this process opened itself is closed on exec anyway.
 */
export function inheritedDescriptors(): readonly number[] {
  const closeOnExec = 0o2000000
  return processIds('/proc/self/fd').filter((descriptor) => {
    if (descriptor < 3) return false
    try {
      const flags = /^flags:\s*([0-7]+)/m.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, 'latin1'))?.[1]
      return flags !== undefined && (Number.parseInt(flags, 8) & closeOnExec) === 0
    } catch {
      return false
    }
  })
}
