import { existsSync } from 'node:fs'
import type { IssueSource } from '../control/intake/index.ts'
import type { CliContext } from './context.ts'

/** Where `--issue` says the issue is: a file, `-` for standard input, or the text itself. */
export function issueArgument(argument: string, { terminal }: CliContext): IssueSource {
  if (argument === '-') return { kind: 'stream', stream: terminal.stdin, name: 'standard input' }
  return existsSync(argument) ? { kind: 'file', path: argument } : { kind: 'text', text: argument }
}
