import { existsSync, realpathSync } from 'node:fs'
import path from 'node:path'

/**
 * A repository as its run will know it: a path without symbolic links and without the current directory, which may be
 * another one when the run is resumed; addresses stay as they are.
 */
export function repositoryArgument(argument: string): string {
  if (existsSync(argument)) return realpathSync(argument)
  return argument.includes(':') || argument === '' ? argument : path.resolve(argument)
}
