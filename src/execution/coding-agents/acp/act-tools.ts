import { z } from 'zod'
import type { Tool, ToolContext } from '../../../contracts/index.ts'
import { errorCodes } from '../../../kernel/index.ts'
import { sandboxErrors } from '../../sandbox/index.ts'
import { codingAgentErrors } from '../errors.ts'

const failureModes = errorCodes(codingAgentErrors, sandboxErrors)
const oneCall = { money: 0, tokens: 0, toolCalls: 1 }

const readInput = z.strictObject({ agent: z.string(), path: z.string() })
const writeInput = z.strictObject({ agent: z.string(), path: z.string(), bytes: z.int(), digest: z.string() })
const runInput = z.strictObject({ agent: z.string(), command: z.array(z.string()), folder: z.string() })
const permissionInput = z.strictObject({ agent: z.string(), title: z.string(), kind: z.string() })

/** A file of the agent's sandbox is read for it. */
export function readTool(read: () => Promise<string>): Tool<z.infer<typeof readInput>, { text: string }> {
  return {
    name: 'files.read',
    summary: 'Reads a text file of the sandbox for a coding agent.',
    input: readInput,
    output: z.object({ text: z.string() }),
    effect: 'read',
    permissions: ['repository:read'],
    failureModes,
    worstCase: { ...oneCall, seconds: 60 },
    perform: async () => ({ text: await read() }),
  }
}

/** A file of the agent's sandbox is written for it; its content is known to the record by its digest. */
export function writeTool(
  name: 'files.create' | 'files.edit',
  write: () => Promise<void>,
): Tool<z.infer<typeof writeInput>, { written: true }> {
  return {
    name,
    summary: 'Writes a text file of the sandbox for a coding agent.',
    input: writeInput,
    output: z.object({ written: z.literal(true) }),
    effect: 'workspace',
    permissions: ['workspace:edit'],
    failureModes,
    worstCase: { ...oneCall, seconds: 60 },
    perform: async () => {
      await write()
      return { written: true }
    },
  }
}

const runOutput = z.object({ exitCode: z.int().nullable(), endedBy: z.string().nullable() })

/** A command runs in the agent's sandbox for it. */
export function runTool(
  seconds: number,
  run: (context: ToolContext) => Promise<z.infer<typeof runOutput>>,
): Tool<z.infer<typeof runInput>, z.infer<typeof runOutput>> {
  return {
    name: 'shell.run',
    summary: 'Runs a command in the sandbox for a coding agent.',
    input: runInput,
    output: runOutput,
    effect: 'workspace',
    permissions: ['shell:run', 'workspace:edit'],
    failureModes,
    worstCase: { ...oneCall, seconds },
    perform: (_input, context) => run(context),
  }
}

/** Which grant covers what agents call a kind of tool; what is not listed is never permitted. */
const grantOfKind: Readonly<Record<string, string>> = {
  read: 'files.read',
  search: 'files.read',
  think: 'files.read',
  edit: 'files.edit',
  delete: 'files.delete',
  move: 'files.move',
  execute: 'shell.run',
}

/**
 * The agent asks whether it may do something by itself, inside its sandbox. Nothing is done here: the decision is what is
 * asked for and what is recorded.
 *
 * @throws ATL_CODING_AGENT_NOT_GRANTED for a kind that no grant covers
 */
export function permissionTool(kind: string): Tool<z.infer<typeof permissionInput>, { permitted: true }> {
  const name = grantOfKind[kind]
  if (name === undefined)
    throw codingAgentErrors.NOT_GRANTED({ detail: `nothing grants what is of the kind ${kind}` })
  return {
    name,
    summary: 'Decides whether a coding agent may do something in its sandbox.',
    input: permissionInput,
    output: z.object({ permitted: z.literal(true) }),
    effect: name === 'files.read' ? 'read' : 'workspace',
    permissions: name === 'shell.run' ? ['shell:run', 'workspace:edit'] : [],
    failureModes,
    worstCase: { ...oneCall, seconds: 10 },
    perform: () => Promise.resolve({ permitted: true }),
  }
}
