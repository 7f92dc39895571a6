import { existsSync, realpathSync } from 'node:fs'
import path from 'node:path'
import type { CodePlace } from '../api/index.ts'

/**
 * A repository as its run will know it: a path without symbolic links and without the current directory, which may be
 * another one when the run is resumed; addresses stay as they are.
 */
export function repositoryArgument(argument: string): string {
  if (existsSync(argument)) return realpathSync(argument)
  return argument.includes(':') || argument === '' ? argument : path.resolve(argument)
}

/** The repository and the revision that a command was given. */
export function placeArgument(options: { readonly repo: string; readonly revision?: string }): CodePlace {
  const { repo, revision } = options
  return { location: repositoryArgument(repo), ...(revision === undefined ? {} : { revision }) }
}
