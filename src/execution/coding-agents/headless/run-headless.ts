import type { ToolContext } from '../../../contracts/index.ts'
import type { ExecutionPlaces } from '../../tools/index.ts'
import { type AgentPlace, openAgentPlace } from '../agent-sandbox.ts'
import { codingAgentErrors } from '../errors.ts'
import { type CodingAgentRequest, type CodingAgentResult, servedProtocols } from '../port.ts'
import { findProgram, inHome } from '../program.ts'
import { Transcript } from '../transcript.ts'
import type { HeadlessAgent } from './adapter.ts'
import { aider } from './aider.ts'
import { claudeCode } from './claude-code.ts'
import { codex } from './codex.ts'
import { geminiCli } from './gemini-cli.ts'
import { opencode } from './opencode.ts'
import { qwenCode } from './qwen-code.ts'

/** The command line agents that the studio knows how to start; another one is a file and a line here. */
export const headlessAgents: readonly HeadlessAgent[] = [
  codex,
  claudeCode,
  geminiCli,
  opencode,
  qwenCode,
  aider,
]

const transcriptBytes = 512 * 1024

/**
 * Lets a command line agent work in a sandbox of its own and takes the tree that it leaves. Whatever it says or however
 * it ends, the result is what its files are.
 *
 * @throws ATL_CODING_AGENT_UNKNOWN, _NOT_INSTALLED, _NO_ISOLATION, _PROTOCOL_NOT_SERVED, _NO_GATEWAY, and as sandboxes
 *   and repositories do
 */
export async function runHeadlessAgent(
  places: ExecutionPlaces,
  name: string,
  request: CodingAgentRequest,
  context: ToolContext,
): Promise<CodingAgentResult> {
  const agent = headlessAgents.find((one) => one.name === name)
  if (agent === undefined) throw codingAgentErrors.UNKNOWN({ detail: name })
  if (!servedProtocols.includes(agent.speaks))
    throw codingAgentErrors.PROTOCOL_NOT_SERVED({ detail: `${agent.title} speaks that of ${agent.speaks}` })
  const program = await findProgram(agent.programs, request.installation.folder, agent.title)
  context.report(`opening a sandbox for ${agent.title}`)
  const place = await openAgentPlace(places, request, context)
  try {
    const transcript = new Transcript(transcriptBytes, request.gateway.key)
    const { ended, stdout } = await runToEnd(place, agent, program, { request, context, transcript })
    context.signal.throwIfAborted()
    const left = await place.collect()
    return {
      ...left,
      ended,
      claim: agent.readClaim(
        transcript.withoutSecret(stdout),
        ended.kind === 'exited' ? ended.code : undefined,
      ),
      transcript: transcript.entries,
      discardedBytes: transcript.discardedBytes,
    }
  } finally {
    await place.close()
  }
}

interface Surroundings {
  readonly request: CodingAgentRequest
  readonly context: ToolContext
  readonly transcript: Transcript
}

async function runToEnd(
  place: AgentPlace,
  agent: HeadlessAgent,
  program: string,
  { request, context, transcript }: Surroundings,
) {
  const { key, model } = request.gateway
  const launch = agent.launch({ prompt: request.prompt, model, gatewayUrl: place.gatewayUrl, key })
  const decoder = { stdout: new TextDecoder(), stderr: new TextDecoder() }
  context.report(`${agent.title} is at work`)
  return place.sandbox.run({
    argv: inHome(place, program, launch.arguments),
    env: { ...place.environment, ...launch.environment },
    stdin: launch.input,
    timeoutMs: request.limits.seconds * 1000,
    signal: context.signal,
    onOutput: (stream, chunk) => {
      const text = decoder[stream].decode(chunk, { stream: true })
      transcript.add(stream === 'stdout' ? 'output' : 'error', text)
    },
  })
}
