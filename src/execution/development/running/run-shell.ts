import { posix } from 'node:path'
import { z } from 'zod'
import { AtelierError } from '../../../kernel/index.ts'
import type { SandboxResult } from '../../sandbox/index.ts'
import { programPath, workspaceRoot } from '../../testing/index.ts'
import {
  type AgentTool,
  defineDeveloperTool,
  type DeveloperInput,
  developerOutputSchema,
} from '../agent-tool.ts'
import { noteOnTests } from '../editing/change-tree.ts'
import { type DevelopmentPlaces } from '../places.ts'
import { defaultProtectedPaths, workspacePath } from '../workspace-path.ts'
import { collectChanges, type CollectedChanges } from './collect-changes.ts'
import { readableOutput } from './output.ts'
import type { OpenSession } from './sessions.ts'

const longestSeconds = 600

const parameters = z.strictObject({
  command: z.string().min(1).max(100_000).describe('shell script; bash where there is one, else sh'),
  folder: z
    .string()
    .max(4_096)
    .default('')
    .describe('folder to run in; the root of the repository when absent'),
  seconds: z
    .int()
    .positive()
    .max(longestSeconds)
    .default(120)
    .describe('time after which it is ended, with all that it started'),
})

const outputSchema = developerOutputSchema.extend({
  /** Null when it was ended. */
  exitCode: z.int().nullable(),
})
type ShellOutput = z.infer<typeof outputSchema>

/** Bash is what most people and models write. Errors go where output goes, so that both come in their order. */
const shell = 'if command -v bash >/dev/null 2>&1; then exec bash -c "$1" 2>&1; else exec sh -c "$1" 2>&1; fi'

/** `shell.run`: a command in the sandbox of the run; the files that it changes make up the new tree. */
export function runShellTool(
  places: DevelopmentPlaces,
): AgentTool<DeveloperInput<z.infer<typeof parameters>>, ShellOutput> {
  return defineDeveloperTool({
    name: 'shell.run',
    summary:
      'Runs a shell command in a sandbox that holds the repository and its installed dependencies, without network. Text files that it changes become part of your change; files that git ignores do not. Nothing that it starts goes on after it has ended.',
    parameters,
    output: outputSchema,
    effect: 'workspace',
    permissions: ['shell:run', 'workspace:edit'],
    seconds: longestSeconds + 300,
    perform({ workspace, tree, arguments: { command, folder, seconds } }, context) {
      const cwd = posix.join(workspaceRoot, workspacePath(folder))
      return places.sessions.use({ purpose: 'shell', workspace, tree }, context, async (session) => {
        context.report(`running ${command.split('\n')[0]?.slice(0, 100) ?? ''}`)
        const result = await session.sandbox.run({
          argv: ['/bin/sh', '-c', shell, 'sh', command],
          cwd,
          env: { CI: 'true', PATH: programPath(workspace.suite.directory), GIT_OPTIONAL_LOCKS: '0' },
          timeoutMs: seconds * 1000,
          signal: context.signal,
        })
        context.signal.throwIfAborted()
        const { tree: left, changed, text } = await takeOver(places, session, tree, context.signal)
        return {
          tree: left,
          changed,
          exitCode: result.ended.kind === 'exited' ? result.ended.code : null,
          text: `${describeEnd(result, seconds)}\n${readableOutput(result.stdout, result.discardedBytes)}${text}`,
        }
      })
    },
  })
}

function describeEnd({ ended, durationMs }: SandboxResult, seconds: number): string {
  const time = `${(durationMs / 1000).toFixed(1)} s`
  if (ended.kind === 'exited') return `Exit status ${ended.code} after ${time}.`
  switch (ended.by) {
    case 'timeout':
      return `Ended after ${seconds} s, the time it was given. Run less at once, or give it more \`seconds\` (up to ${longestSeconds}).`
    case 'memory':
      return `Ended after ${time}: it used more memory than the sandbox has.`
    case 'disk':
      return `Ended after ${time}: it wrote more than the sandbox may.`
    default:
      return `Ended after ${time} by ${ended.by}.`
  }
}

/** Takes the files that a command changed over into the tree. The output of a command is told even if that fails. */
async function takeOver(
  { protectedPaths = defaultProtectedPaths }: DevelopmentPlaces,
  session: OpenSession,
  tree: string,
  signal: AbortSignal,
): Promise<{ readonly tree: string; readonly changed: string[]; readonly text: string }> {
  const { sandbox, repository, floor } = session
  try {
    const collected = await collectChanges({ sandbox, repository, floor, tree, protectedPaths, signal })
    const { changes, dropped } = collected
    const left = changes.length === 0 ? tree : await repository.applyFileChanges(tree, changes)
    if (dropped.length === 0) session.leaves(left)
    const changed = changes.map(({ path }) => path).toSorted()
    return { tree: left, changed, text: describeChanges(collected, changed) }
  } catch (error) {
    signal.throwIfAborted()
    // Whatever it is, the next command starts from the tree.
    if (!(error instanceof AtelierError)) throw error
    const text = `\n\nNone of its changes to files was taken over: ${error.message}. Change fewer files, or put what is generated where git ignores it.`
    return { tree, changed: [], text }
  }
}

/** Paths that are named, of the change and of what is no part of it. */
const named = 30
const namedIgnored = 5

function describeChanges(
  { changes, dropped, ignored }: CollectedChanges,
  changed: readonly string[],
): string {
  const deleted = new Set(changes.flatMap(({ kind, path }) => (kind === 'delete' ? [path] : [])))
  const list = (paths: readonly string[], most = named): string =>
    paths.slice(0, most).join(', ') + (paths.length > most ? ` and ${paths.length - most} more` : '')
  return [
    changed.length === 0
      ? ''
      : `\n\nChanged files: ${list(changed.map((path) => (deleted.has(path) ? `${path} (deleted)` : path)))}`,
    dropped.length === 0
      ? ''
      : `\n\nNot taken over, and undone: ${list(dropped.map(({ path, why }) => `${path} ${why}`))}`,
    ignored.length === 0
      ? ''
      : `\n\nIgnored by git, so not part of the change: ${list(ignored, namedIgnored)}`,
    noteOnTests(changed),
  ].join('')
}
