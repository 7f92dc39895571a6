import { Readable, Writable } from 'node:stream'
import {
  client,
  type ClientApp,
  type ClientContext,
  methods,
  ndJsonStream,
  type PromptResponse,
  PROTOCOL_VERSION,
  RequestError,
  type RequestPermissionRequest,
  type RequestPermissionResponse,
  type SessionUpdate,
} from '@agentclientprotocol/sdk'
import type { ToolContext } from '../../../contracts/index.ts'
import { AtelierError } from '../../../kernel/index.ts'
import type { SandboxProcess } from '../../sandbox/index.ts'
import { workspaceRoot } from '../../testing/index.ts'
import type { ExecutionPlaces } from '../../tools/index.ts'
import { type AgentPlace, openAgentPlace } from '../agent-sandbox.ts'
import { codingAgentErrors } from '../errors.ts'
import { findProgram, inHome } from '../program.ts'
import {
  type Claim,
  type CodingAgentRequest,
  type CodingAgentResult,
  type PermittedActs,
  type Refusal,
  servedProtocols,
} from '../port.ts'
import { Transcript } from '../transcript.ts'
import { ActGate } from './act-gate.ts'
import { permissionTool } from './act-tools.ts'
import type { AcpAgent } from './agents.ts'
import { readTextFile, writeTextFile } from './files.ts'
import type { Surroundings } from './surroundings.ts'
import { Terminals } from './terminals.ts'

const transcriptBytes = 512 * 1024
/** No message of an agent is longer; one that is ends the connection. */
const longestMessage = 16 * 1024 * 1024

/**
 * Lets an agent that speaks the Agent Client Protocol work in a sandbox of its own. The studio is the client: files,
 * commands and permissions that the agent asks for become acts, and the tree is made from the files that it leaves.
 *
 * @throws ATL_CODING_AGENT_NOT_INSTALLED, _NO_ISOLATION, _PROTOCOL_NOT_SERVED, _NO_GATEWAY, _BROKEN_PROTOCOL, and as
 *   sandboxes and repositories do
 */
export async function runAcpAgent(
  places: ExecutionPlaces,
  agent: AcpAgent,
  request: CodingAgentRequest,
  acts: PermittedActs,
  context: ToolContext,
): Promise<CodingAgentResult> {
  if (!servedProtocols.includes(agent.speaks))
    throw codingAgentErrors.PROTOCOL_NOT_SERVED({ detail: `${agent.title} speaks that of ${agent.speaks}` })
  const program = await findProgram(agent.programs, request.installation.folder, agent.title)
  context.report(`opening a sandbox for ${agent.title}`)
  const place = await openAgentPlace(places, request, context)
  try {
    const session = new AcpSession(agent, place, request, acts, context)
    const { ended, claim } = await session.run(program)
    context.signal.throwIfAborted()
    const { tree, changed, refusals } = await place.collect()
    return { tree, changed, ended, claim, ...session.record(refusals) }
  } finally {
    await place.close()
  }
}

/** One agent at work: its process, what it asks for, and the record of both. */
class AcpSession {
  readonly #agent: AcpAgent
  readonly #request: CodingAgentRequest
  readonly #context: ToolContext
  readonly #transcript: Transcript
  readonly #refusals: Refusal[] = []
  readonly #over = new AbortController()
  readonly #surroundings: Surroundings
  readonly #terminals: Terminals
  #said = ''

  constructor(
    agent: AcpAgent,
    place: AgentPlace,
    request: CodingAgentRequest,
    acts: PermittedActs,
    context: ToolContext,
  ) {
    this.#agent = agent
    this.#request = request
    this.#context = context
    this.#transcript = new Transcript(transcriptBytes, request.gateway.key)
    const signal = AbortSignal.any([this.#over.signal, context.signal])
    const gate = new ActGate(request.limits)
    this.#surroundings = { agent: agent.name, place, acts, gate, signal }
    this.#terminals = new Terminals(this.#surroundings)
  }

  async run(program: string): Promise<Pick<CodingAgentResult, 'ended' | 'claim'>> {
    const { place } = this.#surroundings
    const { gateway, limits } = this.#request
    const launch = this.#agent.launch({
      model: gateway.model,
      gatewayUrl: place.gatewayUrl,
      key: gateway.key,
    })
    const process = place.sandbox.start({
      argv: inHome(place, program, launch.arguments),
      env: { ...place.environment, ...launch.environment },
      timeoutMs: limits.seconds * 1000,
      signal: this.#context.signal,
    })
    process.stderr.on('data', (chunk: Buffer) => this.#transcript.add('error', chunk.toString()))
    process.stdin.on('error', () => undefined)
    try {
      const claim = await this.#converse(process)
      return { ended: { kind: 'exited', code: 0 }, claim }
    } catch (error) {
      const ended = await endedWithin(process)
      if (ended === undefined || !this.#prompted) throw this.#broken(error)
      return { ended, claim: { outcome: 'unknown', text: this.#lastWords() } }
    } finally {
      this.#over.abort()
      await this.#terminals.close()
      process.kill()
      await process.exited
    }
  }

  record(
    refusals: readonly Refusal[],
  ): Pick<CodingAgentResult, 'refusals' | 'transcript' | 'discardedBytes'> {
    const { entries: transcript, discardedBytes } = this.#transcript
    return { refusals: [...this.#refusals, ...refusals], transcript, discardedBytes }
  }

  #prompted = false

  async #converse(process: SandboxProcess): Promise<Claim> {
    const stream = ndJsonStream(Writable.toWeb(process.stdin), Readable.toWeb(process.stdout), {
      maxMessageBytes: longestMessage,
    })
    const exited = process.exited.then((): never => {
      throw new Error('the agent ended before it answered')
    })
    exited.catch(() => undefined)
    const work = this.#handlers().connectWith(stream, (agent) => this.#prompt(agent))
    work.catch(() => undefined)
    const { stopReason } = await Promise.race([work, exited])
    return { outcome: outcomes[stopReason], text: this.#lastWords() }
  }

  async #prompt(agent: ClientContext): Promise<PromptResponse> {
    const { protocolVersion } = await agent.request(methods.agent.initialize, {
      protocolVersion: PROTOCOL_VERSION,
      clientCapabilities: { fs: { readTextFile: true, writeTextFile: true }, terminal: true },
      clientInfo: { name: 'atelier', version: '1' },
    })
    if (protocolVersion !== PROTOCOL_VERSION)
      throw codingAgentErrors.BROKEN_PROTOCOL({ detail: `it speaks version ${protocolVersion}` })
    const session = await agent.buildSession({ cwd: workspaceRoot, mcpServers: [] }).start()
    this.#prompted = true
    this.#context.report(`${this.#agent.title} is at work`)
    const failed = session.prompt(this.#request.prompt).then(() => new Promise<never>(() => undefined))
    failed.catch(() => undefined)
    for (;;) {
      // What the agent says and its answer come in their order, so nothing that it said is missed.
      const message = await Promise.race([session.nextUpdate(), failed])
      if (message.kind === 'stop') return message.response
      this.#note(message.notification.update)
    }
  }

  #handlers(): ClientApp {
    const { fs, terminal, session } = methods.client
    const terminals = this.#terminals
    const surroundings = this.#surroundings
    return client({ name: 'atelier' })
      .onRequest(fs.readTextFile, ({ params }) =>
        this.#answer(`read ${params.path}`, () => readTextFile(surroundings, params)),
      )
      .onRequest(fs.writeTextFile, ({ params }) =>
        this.#answer(`write ${params.path}`, () => writeTextFile(surroundings, params)),
      )
      .onRequest(terminal.create, ({ params }) =>
        this.#answer(`run ${[params.command, ...(params.args ?? [])].join(' ')}`, () =>
          terminals.create(params),
        ),
      )
      .onRequest(terminal.output, ({ params }) => terminals.output(params.terminalId))
      .onRequest(terminal.waitForExit, ({ params }) => terminals.waitForExit(params.terminalId))
      .onRequest(terminal.kill, ({ params }) => terminals.kill(params.terminalId))
      .onRequest(terminal.release, ({ params }) => terminals.release(params.terminalId))
      .onRequest(session.requestPermission, ({ params }) => this.#decide(params))
  }

  /** Answers a request, or tells the agent why not; what is refused is recorded. */
  async #answer<T>(what: string, work: () => Promise<T>): Promise<T> {
    this.#transcript.add('tool', what)
    try {
      return await work()
    } catch (error) {
      throw this.#refuse(what, error)
    }
  }

  #refuse(what: string, error: unknown): RequestError {
    if (!(error instanceof AtelierError)) return RequestError.internalError()
    const why = this.#transcript.withoutSecret(`${error.code}: ${error.message}`)
    if (this.#refusals.length < mostRefusals)
      this.#refusals.push({ what: this.#transcript.withoutSecret(what).slice(0, 500), why })
    this.#transcript.add('refusal', `${what}: ${why}`)
    return new RequestError(refusedCode, why)
  }

  /** Allows once what the door allows, never for ever. */
  async #decide({ toolCall, options }: RequestPermissionRequest): Promise<RequestPermissionResponse> {
    const { gate, acts, agent, signal } = this.#surroundings
    const kind = toolCall.kind ?? 'other'
    const title = (toolCall.title ?? toolCall.name ?? kind).slice(0, 1_000)
    const option = (name: string) => options.find((one) => one.kind === name)
    const answered = (chosen: { optionId: string } | undefined): RequestPermissionResponse => ({
      outcome: chosen ? { outcome: 'selected', optionId: chosen.optionId } : { outcome: 'cancelled' },
    })
    try {
      await this.#answer(`permission: ${title}`, () =>
        gate.pass(() => acts.perform(permissionTool(kind), { agent, title, kind }, signal)),
      )
      return answered(option('allow_once'))
    } catch {
      return answered(option('reject_once') ?? option('reject_always'))
    }
  }

  #note(update: SessionUpdate): void {
    switch (update.sessionUpdate) {
      case 'agent_message_chunk':
        if (update.content.type !== 'text') return
        this.#said = (this.#said + update.content.text).slice(-longestClaim)
        this.#transcript.add('message', update.content.text)
        return
      case 'agent_thought_chunk':
        if (update.content.type === 'text') this.#transcript.add('thought', update.content.text)
        return
      case 'tool_call':
        // What it said before was not the last of it.
        this.#said = ''
        this.#transcript.add('tool', `${update.kind ?? 'other'}: ${update.title}`)
        return
      default:
    }
  }

  #lastWords(): string {
    return this.#transcript.withoutSecret(this.#said.trim())
  }

  #broken(error: unknown): unknown {
    if (error instanceof AtelierError) return error
    const complaint = this.#transcript.entries.findLast(({ kind }) => kind === 'error')?.text.trim() ?? ''
    const reason = error instanceof Error ? error.message : JSON.stringify(error)
    const detail = complaint === '' ? reason : `${reason}; it wrote: ${complaint.slice(-500)}`
    return codingAgentErrors.BROKEN_PROTOCOL({ detail, cause: error })
  }
}

/** Of the range that JSON-RPC leaves to implementations. */
const refusedCode = -32_001
const mostRefusals = 1_000
const longestClaim = 4_000

const outcomes = {
  end_turn: 'done',
  max_tokens: 'failed',
  max_turn_requests: 'failed',
  refusal: 'failed',
  cancelled: 'unknown',
} as const satisfies Record<PromptResponse['stopReason'], Claim['outcome']>

/** How the process ended, if it did; a connection breaks a moment before its process is gone. */
async function endedWithin(process: SandboxProcess): Promise<CodingAgentResult['ended'] | undefined> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), graceMs)
  })
  const ended = await Promise.race([process.exited, late])
  clearTimeout(timer)
  return ended
}

const graceMs = 5_000
