import type { CliContext } from '../cli/index.ts'
import { productVersion, readConfiguration } from './configuration.ts'
import { addressOf, placeOf } from './remote-place.ts'
import { createSignInContext } from './sign-in-context.ts'

/** What shells say of a program that was ended by SIGPIPE. */
const brokenPipe = 141

/** What shells say of a program that was ended by SIGINT. */
const interrupted = 130
/** What a command may take to end. Service managers kill what takes longer, commonly after 60 or 90 seconds. */
const patienceMs = 45_000

/** For a command that was interrupted and does not come to its end: that is a defect, and nobody should wait for it. */
function endLate(): void {
  const holding = [...new Set(process.getActiveResourcesInfo())].join(', ')
  process.stderr.write(
    `Ended by force, ${patienceMs / 1000} s after the interruption. Still open: ${holding}\n`,
  )
  process.exit(interrupted)
}

/**
 * The command line's view of this process: its streams, its signals, and the studio behind it. What a command needs is
 * loaded when it is called, so that one that needs little starts at once.
 */
export function createCliContext(): { readonly context: CliContext; readonly close: () => void } {
  const interruption = new AbortController()
  const interrupt = (): void => {
    // The second interruption ends the process at once; a killed run can be resumed.
    if (interruption.signal.aborted) process.exit(interrupted)
    interruption.abort()
    setTimeout(endLate, patienceMs).unref()
  }
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt).on('SIGHUP', interrupt)
  // Whoever reads the output may have enough before its end, as `head` has.
  const leave = (error: Error): void => {
    if ('code' in error && error.code === 'EPIPE') process.exit(brokenPipe)
    throw error
  }
  process.stdout.on('error', leave)
  const context: CliContext = {
    terminal: {
      stdin: process.stdin,
      stdout: process.stdout,
      stderr: process.stderr,
      colour: process.stdout.isTTY && process.env['NO_COLOR'] === undefined,
    },
    version: productVersion(readConfiguration()),
    signal: interruption.signal,
    goesElsewhere: async (options) => (await addressOf(options)) !== undefined,
    openStudio: async (options, purpose) => {
      const place = await placeOf(options)
      if (place !== undefined) {
        const { openRemoteStudio } = await import('./remote-studio.ts')
        return openRemoteStudio(place)
      }
      const { openStudio } = await import('./studio.ts')
      return openStudio(readConfiguration(options), purpose)
    },
    recentRuns: async (options) => {
      const { recentRunsElsewhere } = await import('./remote-runs.ts')
      return recentRunsElsewhere(options)
    },
    diagnose: async (options) => {
      const { diagnose } = await import('./diagnosis.ts')
      return diagnose(readConfiguration(options))
    },
    backUp: async (options, folder) => {
      const { backUp } = await import('./backup.ts')
      const configuration = readConfiguration(options)
      return backUp(configuration, folder, productVersion(configuration))
    },
    restore: async (options, folder) => {
      const { restore } = await import('./backup.ts')
      return restore(readConfiguration(options), folder)
    },
    moveDatabase: async (options, to, onProgress) => {
      const { moveDatabase } = await import('./database-move.ts')
      return moveDatabase(readConfiguration(options), { to, signal: interruption.signal, onProgress })
    },
    verifyEvidence: async (bundle) => {
      const { verifyEvidence } = await import('../governance/evidence/index.ts')
      return verifyEvidence(bundle)
    },
    signIn: createSignInContext(interruption.signal),
    serveStudio: async (options, settings) => {
      const { serveStudio } = await import('./serve.ts')
      return serveStudio(readConfiguration(options), settings)
    },
    serveDocumentation: async (settings) => {
      const { serveDocumentation } = await import('./documentation.ts')
      return serveDocumentation(readConfiguration(), settings)
    },
    startModelServer: async (settings) => {
      const { startModelServer } = await import('../testing/index.ts')
      const server = await startModelServer(settings)
      return { url: server.url, close: () => server.close(), received: () => server.requests.received }
    },
  }
  return {
    context,
    close: () => {
      process.stdout.off('error', leave)
      process.off('SIGINT', interrupt).off('SIGTERM', interrupt).off('SIGHUP', interrupt)
    },
  }
}
