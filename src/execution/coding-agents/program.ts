import { glob } from 'node:fs/promises'
import { posix } from 'node:path'
import type { AgentPlace } from './agent-sandbox.ts'
import { codingAgentErrors } from './errors.ts'

/** The command that makes the home of the agent and becomes the agent. */
export function inHome(
  { programFolder, node }: AgentPlace,
  program: string,
  argv: readonly string[],
): [string, ...string[]] {
  const path = posix.join(programFolder, program)
  const command = /\.[cm]?js$/.test(program) ? [node, path] : [path]
  return ['/bin/sh', '-c', 'mkdir -p "$HOME" && exec "$@"', 'sh', ...command, ...argv]
}

/**
 * The program of an agent below the folder of its installation.
 *
 * @throws ATL_CODING_AGENT_NOT_INSTALLED
 */
export async function findProgram(
  programs: readonly string[],
  folder: string,
  title: string,
): Promise<string> {
  for (const pattern of programs) for await (const path of glob(pattern, { cwd: folder })) return path
  throw codingAgentErrors.NOT_INSTALLED({ detail: `${title} is not below ${folder}` })
}
