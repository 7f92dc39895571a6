import type { Studio, StudioServices } from '../api/index.ts'
import type { Configuration } from './configuration.ts'
import { makeDataDirectory } from './data-directory.ts'
import { openDatabase } from './database.ts'
import { createFileLogger } from './logger.ts'

/** The studio as the command line uses it, in this process; see {@link assembleStudio}. */
export async function openStudio(configuration: Configuration, purpose: 'work' | 'look'): Promise<Studio> {
  const below = await assembleStudio(configuration, purpose)
  const { createStudio } = await import('../api/index.ts')
  return createStudio(below)
}

/**
 * Puts the studio together on this machine. `work` executes steps in this process; `look` only reads and records
 * commands, and joins a studio that runs in another process. While PostgreSQL starts, or is set up for the first time,
 * the parts of the studio are loaded.
 */
export async function assembleStudio(
  configuration: Configuration,
  purpose: 'work' | 'look',
): Promise<StudioServices> {
  const { dataDirectory } = configuration
  makeDataDirectory(dataDirectory)
  const logger = createFileLogger(dataDirectory)
  const waiting = Promise.withResolvers<undefined>()
  const server = openDatabase(configuration, purpose, logger, () => waiting.resolve(undefined))
  await Promise.race([waiting.promise, server])
  const { assembleParts } = await import('./assembly.ts')
  return assembleParts(configuration, { purpose, logger, server })
}
