import { posix } from 'node:path'
import { sandboxErrors } from './errors.ts'
import type { SandboxCommand, SandboxSpec } from './port.ts'

/** Where the layers appear inside every sandbox. */
export const workspacePath = '/workspace'

/** Directories that hold the system's programs, in the order in which they are searched. */
export const systemPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

type Launch = Pick<SandboxCommand, 'argv' | 'cwd' | 'env' | 'timeoutMs'>

/** Throws a coded error unless the command can be handed to the operating system as it is. */
export function checkCommand(command: Launch): void {
  const [program] = command.argv
  if (program === '') throw sandboxErrors.BAD_COMMAND({ detail: 'the program has an empty name' })
  for (const argument of command.argv)
    if (argument.includes('\0'))
      throw sandboxErrors.BAD_COMMAND({ detail: 'an argument contains a NUL byte' })
  for (const [name, value] of Object.entries(command.env ?? {}))
    if (!/^[A-Za-z_][A-Za-z0-9_.:-]*$/.test(name) || value.includes('\0'))
      throw sandboxErrors.BAD_COMMAND({ detail: `the variable ${JSON.stringify(name)} cannot be set` })
  if (!(command.timeoutMs > 0)) throw sandboxErrors.BAD_COMMAND({ detail: 'the time-out is not positive' })
  insidePath(command.cwd ?? workspacePath)
}

/** An inside path in normal form; relative paths start at the workspace. */
export function insidePath(path: string): string {
  if (path === '' || path.includes('\0'))
    throw sandboxErrors.BAD_COMMAND({ detail: `${JSON.stringify(path)} is not a path` })
  return posix.resolve(workspacePath, path)
}

/**
 * What a freeze is limited to, relative to the workspace; `.` is all of it.
 *
 * @throws ATL_SANDBOX_EXPORT_FAILED for a path outside the workspace
 */
export function pathsToFreeze(only: readonly string[] = [workspacePath]): readonly string[] {
  return only.map((path) => {
    const relative = posix.relative(workspacePath, insidePath(path)) || '.'
    if (relative === '..' || relative.startsWith('../'))
      throw sandboxErrors.EXPORT_FAILED({ detail: `${path} does not lie below ${workspacePath}` })
    return relative
  })
}

/** Throws a coded error unless the limits and targets of a sandbox make sense. */
export function checkSpec(spec: SandboxSpec): void {
  for (const [name, value] of Object.entries(spec.limits))
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value <= 0)
      throw sandboxErrors.BAD_SPEC({ detail: `the limit ${name} is ${String(value)}` })
  for (const { target } of spec.readOnlyBinds) {
    const inside = posix.resolve('/', target)
    const reserved = ['/', '/proc', '/dev', '/etc', '/tmp', '/run', '/usr', workspacePath]
    if (!posix.isAbsolute(target) || target.includes('\0') || reserved.includes(inside))
      throw sandboxErrors.BAD_SPEC({ detail: `nothing can be bound at ${JSON.stringify(target)}` })
    if (inside.startsWith(`${workspacePath}/`) || /^\/(proc|dev)\//.test(inside))
      throw sandboxErrors.BAD_SPEC({ detail: `${target} lies in a directory that the sandbox owns` })
  }
}
