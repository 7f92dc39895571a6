import { readFileSync } from 'node:fs'
import path from 'node:path'
import type { CliContext } from '../cli/index.ts'
import { verifyEvidence } from '../governance/evidence/index.ts'
import { backUp, restore } from './backup.ts'
import { readConfiguration } from './configuration.ts'
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
  const { packageRoot } = readConfiguration()
  const manifest = JSON.parse(readFileSync(path.join(packageRoot, 'package.json'), 'utf8')) as {
    version: string
  }
  const context: CliContext = {
    terminal: {
      stdin: process.stdin,
      stdout: process.stdout,
      stderr: process.stderr,
      colour: process.stdout.isTTY && process.env['NO_COLOR'] === undefined,
    },
    version: manifest.version,
    signal: interruption.signal,
    openStudio: (options, purpose) => openStudio(readConfiguration(options), purpose),
    diagnose: (options) => diagnose(readConfiguration(options)),
    backUp: (options, folder) => backUp(readConfiguration(options), folder, manifest.version),
    restore: (options, folder) => restore(readConfiguration(options), folder),
    verifyEvidence,
    signIn: createSignInContext(interruption.signal),
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
