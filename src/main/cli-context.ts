import type { CliContext } from '../cli/index.ts'
import { verifyEvidence } from '../governance/evidence/index.ts'
import { backUp, restore } from './backup.ts'
import { productVersion, readConfiguration } from './configuration.ts'
import { diagnose } from './diagnosis.ts'
import { createSignInContext } from './sign-in-context.ts'
import { openStudio } from './studio.ts'

/** The command line's view of this process: its streams, its signals, and the studio behind it. */
export function createCliContext(): { readonly context: CliContext; readonly close: () => void } {
  const interruption = new AbortController()
  const interrupt = (): void => {
    // The second interruption ends the process at once; a killed run can be resumed.
    if (interruption.signal.aborted) process.exit(130)
    interruption.abort()
  }
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt).on('SIGHUP', interrupt)
  const context: CliContext = {
    terminal: {
      stdin: process.stdin,
      stdout: process.stdout,
      stderr: process.stderr,
      colour: process.stdout.isTTY && process.env['NO_COLOR'] === undefined,
    },
    version: productVersion(readConfiguration()),
    signal: interruption.signal,
    openStudio: (options, purpose) => openStudio(readConfiguration(options), purpose),
    diagnose: (options) => diagnose(readConfiguration(options)),
    backUp: (options, folder) =>
      backUp(readConfiguration(options), folder, productVersion(readConfiguration())),
    restore: (options, folder) => restore(readConfiguration(options), folder),
    verifyEvidence,
    signIn: createSignInContext(interruption.signal),
    // Loaded by the one command that needs it: a server takes time to load.
    serveStudio: async (options, settings) => {
      const { serveStudio } = await import('./serve.ts')
      return serveStudio(readConfiguration(options), settings)
    },
    serveDocumentation: async (settings) => {
      const { serveDocumentation } = await import('./documentation.ts')
      return serveDocumentation(readConfiguration(), settings)
    },
    // Loaded by the one command that needs it: what is made for tests takes time to load.
    startModelServer: async (settings) => {
      const { startModelServer } = await import('../testing/index.ts')
      const server = await startModelServer(settings)
      return { url: server.url, close: () => server.close(), received: () => server.requests.received }
    },
  }
  return {
    context,
    close: () => {
      process.off('SIGINT', interrupt).off('SIGTERM', interrupt).off('SIGHUP', interrupt)
    },
  }
}
