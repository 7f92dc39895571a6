import type { ToolContext } from '../../contracts/index.ts'
import { collectChanges, defaultProtectedPaths, isProtected } from '../development/index.ts'
import { isTestPath, type Repository } from '../repository/index.ts'
import { forwarderScript, type Sandbox, type SandboxProcess } from '../sandbox/index.ts'
import { programPath } from '../testing/index.ts'
import { type ExecutionPlaces, openSandbox } from '../tools/index.ts'
import { codingAgentErrors } from './errors.ts'
import type { CodingAgentRequest, CodingAgentResult, Refusal } from './port.ts'

/** Where things of the studio lie inside an agent's sandbox. */
const inside = {
  node: '/opt/atelier/gateway/node',
  forwarder: '/opt/atelier/gateway/forwarder.mts',
  socket: '/opt/atelier/gateway/models.sock',
  program: '/opt/atelier/agent',
  home: '/tmp/agent-home',
} as const

/** The port on the sandbox's own 127.0.0.1 at which the agent finds the gateway. */
const gatewayPort = 47_832
const gatewayTimeoutMs = 60_000

/** Everything an agent needs to know of the place where it runs. */
export interface AgentPlace {
  readonly sandbox: Sandbox
  /** Address of the gateway as the agent sees it, without `/v1`. */
  readonly gatewayUrl: string
  /** Folder of the agent's own installation as it sees it. */
  readonly programFolder: string
  readonly node: string
  /** Environment of the agent's process, without what its adapter adds. */
  readonly environment: Readonly<Record<string, string>>
  /** Why the agent may not change a path; undefined if it may. */
  reasonToRefuse(path: string): Promise<string | undefined>
  /** Takes what the agent left as a tree, and ends everything that still runs. */
  collect(): Promise<Pick<CodingAgentResult, 'tree' | 'changed' | 'refusals'>>
  close(): Promise<void>
}

/**
 * Opens a sandbox on the tree with nothing in it but the files of the revision, their dependencies, the agent's own
 * programs and one way out: the gateway's socket.
 *
 * @throws ATL_CODING_AGENT_NO_ISOLATION, ATL_CODING_AGENT_NO_GATEWAY, and as sandboxes and repositories do
 */
export async function openAgentPlace(
  places: ExecutionPlaces,
  request: CodingAgentRequest,
  context: ToolContext,
): Promise<AgentPlace> {
  const { workspace, tree, gateway, installation, limits } = request
  if (places.isolation !== 'namespaces') throw codingAgentErrors.NO_ISOLATION()
  const repository = await places.repositories.open({
    tenantId: context.tenantId,
    location: workspace.location,
  })
  const bounded = { ...places, limits: { ...places.limits, ...limits.sandbox } }
  const binds = [
    { source: process.execPath, target: inside.node },
    { source: forwarderScript, target: inside.forwarder },
    { source: gateway.socket, target: inside.socket },
    { source: installation.folder, target: inside.program },
  ]
  const sandbox = await openSandbox(bounded, workspace, tree, context, { binds })
  let forwarder: SandboxProcess | undefined
  try {
    const [node, script, socket] = [inside.node, inside.forwarder, inside.socket]
    forwarder = sandbox.start({
      argv: [node, '--no-warnings', script, String(gatewayPort), socket],
      cwd: '/',
      timeoutMs: (limits.seconds + 600) * 1000,
      signal: context.signal,
    })
    await ready(forwarder, gateway.socket)
  } catch (error) {
    await sandbox.destroy()
    throw error
  }
  const running = forwarder
  return {
    sandbox,
    gatewayUrl: `http://127.0.0.1:${gatewayPort}`,
    programFolder: inside.program,
    node: inside.node,
    environment: {
      CI: 'true',
      HOME: inside.home,
      NO_COLOR: '1',
      PATH: programPath(workspace.suite.directory),
      GIT_OPTIONAL_LOCKS: '0',
    },
    reasonToRefuse: async (path) => refusalOf(path, request, await pathsOf(repository, tree)),
    collect: async () => {
      running.kill()
      await running.exited
      return collectTree({ sandbox, repository, request, context })
    },
    close: () => sandbox.destroy(),
  }
}

/** The forwarder says so when it listens. */
async function ready(forwarder: SandboxProcess, socket: string): Promise<void> {
  let complaint = ''
  forwarder.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString().slice(0, 2_000)))
  let timer: NodeJS.Timeout | undefined
  const listening = new Promise<string>((resolve) => {
    forwarder.stdout.once('data', () => resolve('ready'))
    timer = setTimeout(() => resolve('late'), gatewayTimeoutMs)
  })
  const state = await Promise.race([listening, forwarder.exited.then(() => 'ended')])
  clearTimeout(timer)
  if (state !== 'ready')
    throw codingAgentErrors.NO_GATEWAY({
      detail: `${socket}: ${complaint.trim().split('\n').at(-1) ?? state}`,
    })
}

interface Collection {
  readonly sandbox: Sandbox
  readonly repository: Repository
  readonly request: CodingAgentRequest
  readonly context: ToolContext
}

/** The files of the sandbox as a tree, without what an agent may not change. */
async function collectTree({ sandbox, repository, request, context }: Collection) {
  const { tree } = request
  const { changes, dropped } = await collectChanges({
    sandbox,
    repository,
    floor: tree,
    tree,
    protectedPaths: defaultProtectedPaths,
    signal: context.signal,
  })
  const before = await pathsOf(repository, tree)
  const judged = changes.map((change) => ({ change, why: refusalOf(change.path, request, before) }))
  const kept = judged.flatMap(({ change, why }) => (why === undefined ? [change] : []))
  const refusals: Refusal[] = [
    ...dropped.map(({ path, why }) => ({ what: `change ${path}`, why })),
    ...judged.flatMap(({ change, why }) =>
      why === undefined ? [] : [{ what: `change ${change.path}`, why }],
    ),
  ]
  return {
    tree: kept.length === 0 ? tree : await repository.applyFileChanges(tree, kept),
    changed: kept.map(({ path }) => path).toSorted(),
    refusals,
  }
}

async function pathsOf(repository: Repository, tree: string): Promise<ReadonlySet<string>> {
  return new Set((await repository.listFiles(tree)).map(({ path }) => path))
}

/** Why an agent may not change a path of a tree with these files. */
function refusalOf(
  path: string,
  { existingTests }: CodingAgentRequest,
  before: ReadonlySet<string>,
): string | undefined {
  if (isProtected(path, defaultProtectedPaths)) return 'is protected; only people change it'
  if (existingTests === 'protected' && isTestPath(path) && before.has(path))
    return 'is a test that stood there before'
  return undefined
}
