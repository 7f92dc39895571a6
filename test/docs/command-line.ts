import { PassThrough } from 'node:stream'
import { buildProgram } from '../../src/cli/index.ts'

/** The command line as its help has it; nothing of it can be run. */
export const program = buildProgram(
  {
    terminal: {
      stdin: new PassThrough(),
      stdout: new PassThrough(),
      stderr: new PassThrough(),
      colour: false,
    },
    version: '0',
    signal: new AbortController().signal,
    goesElsewhere: () => Promise.resolve(false),
    openStudio: () => Promise.reject(new Error('not opened')),
    recentRuns: () => Promise.resolve([]),
    diagnose: () => Promise.reject(new Error('not diagnosed')),
    backUp: () => Promise.reject(new Error('not backed up')),
    restore: () => Promise.reject(new Error('not restored')),
    moveDatabase: () => Promise.reject(new Error('not moved')),
    serveStudio: () => Promise.reject(new Error('not served')),
    serveDocumentation: () => Promise.reject(new Error('not served')),
    startModelServer: () => Promise.reject(new Error('not started')),
    verifyEvidence: () => Promise.resolve({ ok: true, checked: 0, problems: [] }),
    signIn: {
      at: () => Promise.reject(new Error('not signed in')),
      out: () => Promise.reject(new Error('not signed out')),
      ownerLink: () => Promise.reject(new Error('not made')),
    },
  },
  () => undefined,
)
