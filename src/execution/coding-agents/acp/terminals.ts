import type {
  CreateTerminalRequest,
  TerminalOutputResponse,
  WaitForTerminalExitResponse,
} from '@agentclientprotocol/sdk'
import { createId } from '../../../kernel/index.ts'
import type { SandboxResult } from '../../sandbox/index.ts'
import { codingAgentErrors } from '../errors.ts'
import { runTool } from './act-tools.ts'
import type { Surroundings } from './surroundings.ts'

/** Bytes of output that one terminal keeps, whatever the agent asks for. */
const mostOutput = 1024 * 1024
const terminalSeconds = 600

interface Terminal {
  readonly output: Buffer[]
  bytes: number
  truncated: boolean
  exit: WaitForTerminalExitResponse | undefined
  readonly ended: Promise<WaitForTerminalExitResponse>
  readonly stop: AbortController
}

/** Commands that the studio runs in the agent's sandbox for it, each one act. */
export class Terminals {
  readonly #surroundings: Surroundings
  readonly #open = new Map<string, Terminal>()

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings
  }

  /** Answers as soon as the act is admitted and the command runs; rejects when it is refused. */
  async create(request: CreateTerminalRequest): Promise<{ terminalId: string }> {
    const { gate, acts, place, agent, signal } = this.#surroundings
    const { command, args = [], env = [], cwd } = request
    const argv: [string, ...string[]] = args.length > 0 ? [command, ...args] : ['/bin/sh', '-c', command]
    const folder = cwd ?? '/workspace'
    const stop = new AbortController()
    const { promise: admitted, resolve: admit } = Promise.withResolvers<undefined>()
    const limit = Math.min(request.outputByteLimit ?? mostOutput, mostOutput)
    const tool = runTool(terminalSeconds, async (context) => {
      admit(undefined)
      const result = await place.sandbox.run({
        argv,
        cwd: folder,
        env: { ...place.environment, ...Object.fromEntries(env.map(({ name, value }) => [name, value])) },
        timeoutMs: terminalSeconds * 1000,
        signal: AbortSignal.any([context.signal, stop.signal]),
        onOutput: (_stream, chunk) => keep(terminal, Buffer.from(chunk), limit),
      })
      return endOf(result.ended)
    })
    const performed = gate.pass(() => acts.perform(tool, { agent, command: argv, folder }, signal))
    const ended = performed.then(({ exitCode, endedBy }) => ({ exitCode, signal: endedBy }))
    const terminal: Terminal = { output: [], bytes: 0, truncated: false, exit: undefined, ended, stop }
    ended.then(
      (exit) => (terminal.exit = exit),
      () => (terminal.exit = { exitCode: null, signal: 'refused' }),
    )
    await Promise.race([admitted, performed])
    const terminalId = createId('term')
    this.#open.set(terminalId, terminal)
    return { terminalId }
  }

  output(id: string): TerminalOutputResponse {
    const { output, truncated, exit } = this.#find(id)
    // The beginning may have been cut within a character.
    const text = new TextDecoder().decode(Buffer.concat(output)).replace(/^\uFFFD+/, '')
    return { output: text, truncated, ...(exit && { exitStatus: exit }) }
  }

  async waitForExit(id: string): Promise<WaitForTerminalExitResponse> {
    return this.#find(id).ended
  }

  async kill(id: string): Promise<void> {
    const { stop, ended } = this.#find(id)
    stop.abort()
    await ended.catch(() => undefined)
  }

  async release(id: string): Promise<void> {
    await this.kill(id)
    this.#open.delete(id)
  }

  /** Ends whatever still runs. */
  async close(): Promise<void> {
    await Promise.all([...this.#open.keys()].map((id) => this.release(id)))
  }

  #find(id: string): Terminal {
    const terminal = this.#open.get(id)
    if (terminal === undefined)
      throw codingAgentErrors.BROKEN_PROTOCOL({ detail: `there is no terminal ${id}` })
    return terminal
  }
}

function endOf(ended: SandboxResult['ended']): { exitCode: number | null; endedBy: string | null } {
  return ended.kind === 'exited'
    ? { exitCode: ended.code, endedBy: null }
    : { exitCode: null, endedBy: ended.by }
}

/** The end of the output is kept; the beginning goes when there is too much. */
function keep(terminal: Terminal, chunk: Buffer, limit: number): void {
  terminal.output.push(chunk)
  terminal.bytes += chunk.length
  while (terminal.bytes > limit) {
    const [first] = terminal.output
    if (first === undefined) return
    terminal.truncated = true
    const excess = terminal.bytes - limit
    if (first.length > excess) terminal.output[0] = first.subarray(excess)
    else terminal.output.shift()
    terminal.bytes -= Math.min(first.length, excess)
  }
}
