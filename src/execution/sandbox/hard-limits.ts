import { readFileSync } from 'node:fs'
import type { SandboxLimits } from './port.ts'

/** Names of the limits in `/proc/self/limits` that a sandbox's limits must not exceed. */
const names = {
  processes: 'Max processes',
  memoryBytes: 'Max data size',
  cpuSeconds: 'Max cpu time',
} as const

/**
 * Arguments for prlimit(1). Nobody but root may raise a hard limit, so where this process's own is lower it stays.
 * At the end of its CPU time a process gets SIGXCPU, and SIGKILL a second later if it ignores that.
 */
export function limitArguments(
  limits: Pick<SandboxLimits, keyof typeof names>,
): Readonly<Record<'processes' | 'memory' | 'cpu' | 'core', string>> {
  const own = readOwnLimits()
  const clamp = (name: keyof typeof names, value: number): number =>
    Math.min(value, own.get(names[name]) ?? Infinity)
  const cpu = clamp('cpuSeconds', limits.cpuSeconds)
  return {
    processes: `--nproc=${clamp('processes', limits.processes)}`,
    memory: `--data=${clamp('memoryBytes', limits.memoryBytes)}`,
    cpu: `--cpu=${cpu}:${clamp('cpuSeconds', cpu + 1)}`,
    core: '--core=0',
  }
}

function readOwnLimits(): ReadonlyMap<string, number> {
  const limits = new Map<string, number>()
  let text: string
  try {
    text = readFileSync('/proc/self/limits', 'latin1')
  } catch {
    return limits
  }
  for (const [, name = '', hard = ''] of text.matchAll(/^(.+?) {2,}\S+ +(\S+)/gm))
    if (/^\d+$/.test(hard)) limits.set(name, Number(hard))
  return limits
}
