import { existsSync } from 'node:fs'
import type { Submission } from '../contracts/index.ts'
import type { CliContext } from './context.ts'

/**
 * Reads the issue that a command was given: a file, `-` for standard input, or the text itself.
 * @throws ATL_INTAKE_UNREADABLE, ATL_INTAKE_EMPTY, ATL_INTAKE_TOO_LARGE
 */
export async function readIssueArgument(
  argument: string,
  { terminal }: CliContext,
): Promise<Submission['issue']> {
  const { readIssue } = await import('../control/intake/index.ts')
  if (argument === '-') return readIssue({ kind: 'stream', stream: terminal.stdin, name: 'standard input' })
  return readIssue(existsSync(argument) ? { kind: 'file', path: argument } : { kind: 'text', text: argument })
}
