import type { AtelierError } from '../../kernel/index.ts'
import { repositoryErrors } from './errors.ts'

type Cause = keyof typeof repositoryErrors

/** What git says (in the C locale) and what that means; the first match counts. */
const meanings: readonly (readonly [RegExp, Cause])[] = [
  [
    /[Oo]ut of memory|malloc failed|mmap failed|cannot allocate memory|resource temporarily unavailable/i,
    'TOO_LARGE',
  ],
  [/No space left on device|Disk quota exceeded|unable to write file .*: File too large/i, 'NO_SPACE'],
  [/Unable to create '[^']*\.lock': File exists|cannot lock ref [^\n]*File exists/i, 'BUSY'],
  [
    /Authentication failed|terminal prompts disabled|could not read (?:Username|Password)|Permission denied \(|HTTP (?:401|403)|error: 40[13]\b|remote rejected/i,
    'REMOTE_DENIED',
  ],
  [
    /Could not resolve host|unable to access|Connection (?:refused|timed out|reset|closed)|Network is unreachable|No route to host|Host key verification failed|RPC failed|early EOF|hung up unexpectedly|Operation timed out/i,
    'REMOTE_UNREACHABLE',
  ],
  [
    /does not appear to be a git repository|repository '[^']*' not found|Repository not found|not a git repository/i,
    'NOT_FOUND',
  ],
  [/Could not read from remote repository/i, 'REMOTE_UNREACHABLE'],
  [/detected dubious ownership/i, 'UNREADABLE'],
  [/couldn't find remote ref|unadvertised object|not our ref/i, 'UNKNOWN_REVISION'],
  [
    /bad object|unable to read|corrupt|inflate|fsck error|missing blob|missing tree|index-pack failed|did not send all necessary objects|invalid path|hash mismatch|bad tree|is missing|failed to read|remote error|pack has bad|not a valid object|Could not read/i,
    'CORRUPTED',
  ],
  [/Permission denied/i, 'UNREADABLE'],
]

/** Turns an exit code and a message of git into the coded error that tells a person what to do. */
export function explainGitFailure(args: readonly string[], exitCode: number, stderr: string): AtelierError {
  const command = `git ${args[0] ?? ''}`
  if (exitCode === 127 || exitCode === 126) return repositoryErrors.GIT_MISSING({ details: { stderr } })
  const cause = meanings.find(([pattern]) => pattern.test(stderr))?.[1] ?? 'GIT_FAILED'
  return repositoryErrors[cause]({
    detail: `${command}: ${lastLines(redactCredentials(stderr))}`,
    details: { command, exitCode },
  })
}

/** Hides user names and passwords in the URLs that git repeats. */
function redactCredentials(text: string): string {
  return text.replace(/\b([a-z][a-z0-9+.-]{0,20}:\/\/)[^/\s@]{1,512}@/gi, '$1***@')
}

/** The lines that carry the reason: what git marks as such, or else the last ones. */
function lastLines(stderr: string): string {
  const lines = stderr
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
  const marked = lines.filter((line) => /^(?:fatal|error|remote):/.test(line))
  return (marked.length > 0 ? marked : lines).slice(-3).join('; ').slice(0, 1000)
}
