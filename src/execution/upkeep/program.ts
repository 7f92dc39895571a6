import { posix } from 'node:path'
import type { Sandbox } from '../sandbox/index.ts'
import { programPath, workspaceRoot } from '../testing/index.ts'
import { upkeepErrors } from './errors.ts'
import type { UpkeepPlace } from './kind.ts'

/** How long one run of a project's own program may take. */
const programTimeoutMs = 5 * 60_000
/** Exit status of a shell for a program that is not there. */
export const notFound = 127

export interface ProgramResult {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/**
 * Runs a shell script in the package's folder of a sandbox, with the project's own programs first on PATH.
 *
 * @param name what runs, for messages
 * @throws `ATL_UPKEEP_TIMED_OUT`, `…_PROGRAM_CRASHED` when it is killed, `…_TOO_MUCH` when its result is too long;
 *   the reason of the signal when cancelled
 */
export async function runProgram(
  place: UpkeepPlace,
  sandbox: Sandbox,
  name: string,
  script: string,
  options: { readonly stdin?: string; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<ProgramResult> {
  const result = await sandbox.run({
    argv: ['/bin/sh', '-c', `export TMPDIR="\${TMPDIR:-/tmp}"\n${script}`],
    cwd: posix.join(workspaceRoot, place.directory),
    env: { CI: 'true', NO_COLOR: '1', ...options.env, PATH: programPath(place.directory) },
    ...(options.stdin === undefined ? {} : { stdin: options.stdin }),
    timeoutMs: programTimeoutMs,
    signal: place.signal,
  })
  place.signal.throwIfAborted()
  const { ended, stdout, stderr } = result
  if (ended.kind === 'killed') {
    if (ended.by === 'timeout' || ended.by === 'cpu')
      throw upkeepErrors.TIMED_OUT({ detail: `${name}, after ${Math.round(result.durationMs / 1000)} s` })
    throw upkeepErrors.PROGRAM_CRASHED({ detail: `${name} was ended: ${ended.by}` })
  }
  // What is discarded is the end of standard output, so a result that was cut would be taken for a whole one.
  if (result.discardedBytes > 0 && !stdout.endsWith('\n'))
    throw upkeepErrors.TOO_MUCH({ detail: `${name} has more to say than fits` })
  return { code: ended.code, stdout, stderr }
}

/** The end of what a program said, for a message. */
export function lastWords({ stdout, stderr }: Pick<ProgramResult, 'stdout' | 'stderr'>): string {
  return `${stdout}\n${stderr}`.trim().slice(-1500)
}
