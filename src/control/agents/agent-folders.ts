import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { canonicalJson, digestOf } from '../../kernel/index.ts'
import { type Agent, parseAgent, playedBy } from './agent-file.ts'
import { agentErrors } from './errors.ts'

/** A folder of agent files, and who answers for it. */
interface AgentFolder {
  readonly directory: string
  /** Tools that agents of this folder may be granted; any when absent. */
  readonly grantable?: readonly string[]
}

/**
 * All agents of one or several folders, by name. A later folder may add agents, and may narrow those of the folders
 * before it: drop tools, lower limits, choose another model, and add instructions, which follow those that are there. It
 * can not widen a grant or a limit, loosen a breaker, change what the agent answers, or take instructions away.
 *
 * A folder that does not exist is an error for the first and empty for the others.
 * @throws ATL_AGENT_INVALID, ATL_AGENT_WIDENED.
 */
export async function loadAgents(
  ...folders: readonly (AgentFolder | string)[]
): Promise<ReadonlyMap<string, Agent>> {
  const agents = new Map<string, Agent>()
  for (const [index, folder] of folders.entries()) {
    const { directory, grantable } = typeof folder === 'string' ? { directory: folder } : folder
    for (const [file, agent] of await readFolder(directory, index > 0)) {
      const refused = agent.tools.find((tool) => grantable !== undefined && !grantable.includes(tool))
      if (refused !== undefined) throw agentErrors.WIDENED({ detail: `${file} grants ${refused}` })
      const base = agents.get(agent.name)
      agents.set(agent.name, base === undefined ? agent : narrow(base, agent, file))
    }
  }
  return agents
}

async function readFolder(directory: string, optional: boolean): Promise<[file: string, agent: Agent][]> {
  const entries = await readdir(directory).catch((error: unknown) => {
    if (optional && (error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  })
  const files = entries.filter((file) => file.endsWith('.md')).sort()
  return Promise.all(
    files.map(async (name): Promise<[string, Agent]> => {
      const file = path.join(directory, name)
      return [file, parseAgent(await readFile(file, 'utf8'), file)]
    }),
  )
}

function narrow(base: Agent, later: Agent, file: string): Agent {
  const widened = whatIsWidened(base, later)
  if (widened !== undefined) throw agentErrors.WIDENED({ detail: `${file}: ${widened}` })
  return {
    ...later,
    instructions: `${base.instructions}\n\n## Rules of this project\n\n${later.instructions}`,
    digest: digestOf(`${base.digest}\n${later.digest}`),
  }
}

function whatIsWidened(base: Agent, later: Agent): string | undefined {
  const added = later.tools.find((tool) => !base.tools.includes(tool))
  if (added !== undefined) return `${base.name} has no grant for ${added}`
  if (playedBy(base) !== playedBy(later)) return 'somebody of another kind plays it'
  if ('program' in base && 'program' in later && base.program !== later.program)
    return 'another program plays it'
  const raised = firstRaised(base.limits, later.limits)
  if (raised !== undefined) return `limits.${raised} is raised`
  if ('output' in base && 'output' in later) {
    if (canonicalJson(base.output) !== canonicalJson(later.output)) return 'output is another one'
    const loosened = firstRaised(base.breakers, later.breakers)
    if (loosened !== undefined) return `breakers.${loosened} is loosened`
  }
  if ('confidence' in base && 'confidence' in later && later.confidence < base.confidence)
    return 'confidence is lowered'
  return undefined
}

function firstRaised(
  base: Readonly<Record<string, number>>,
  later: Readonly<Record<string, number>>,
): string | undefined {
  return Object.keys(base).find((name) => (later[name] ?? 0) > (base[name] ?? 0))
}
