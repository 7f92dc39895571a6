import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Tool } from '../../../contracts/index.ts'
import { probeSandbox } from '../../sandbox/index.ts'
import { codingAgentErrors } from '../errors.ts'
import type { CodingAgentRequest, PermittedActs } from '../port.ts'
import { ScratchAgents } from '../scratch-agents.ts'
import type { AcpAgent } from './agents.ts'
import { runAcpAgent } from './run-acp.ts'

const packages = join(import.meta.dirname, '../../../../node_modules')

const { usable } = await probeSandbox()

const small: AcpAgent = {
  name: 'small',
  title: 'Small agent',
  origin: { kind: 'npm', package: 'small' },
  speaks: 'openai-chat',
  programs: ['agent.mjs'],
  launch: ({ model, gatewayUrl, key }) => ({
    arguments: [],
    environment: { GATEWAY: gatewayUrl, KEY: key, MODEL: model },
  }),
}

let scratch: ScratchAgents
let folder: string
let socket: string
beforeAll(async () => {
  scratch = await ScratchAgents.open({ '.github/workflows/ci.yml': 'on: push\n' })
  const scenario = { name: 'm', steps: [{ answer: 'Hello.' }] }
  socket = (await scratch.model({ scenario, key: 'task-key-1' })).socket
  const installed = await scratch.installation({
    'agent.mjs': join(import.meta.dirname, 'fixtures/agent.mjs'),
    'node_modules/@agentclientprotocol': join(packages, '@agentclientprotocol'),
    'node_modules/zod': join(packages, 'zod'),
  })
  folder = installed.folder
})
afterAll(() => scratch[Symbol.asyncDispose]())

/** The acts of an agent with these grants, as the door would have them, and the record of what was asked. */
function actsOf(grants: readonly string[]): PermittedActs & { readonly asked: string[] } {
  const asked: string[] = []
  return {
    asked,
    async perform<I, O>(tool: Tool<I, O>, input: I, signal: AbortSignal): Promise<O> {
      asked.push(tool.name)
      if (!grants.includes(tool.name)) throw codingAgentErrors.NOT_GRANTED({ detail: tool.name })
      const context = { ...scratch.workbench.context(), signal }
      return tool.output.parse(await tool.perform(tool.input.parse(input), context))
    },
  }
}

const all = ['files.read', 'files.edit', 'files.create', 'shell.run']

async function work(
  lines: readonly string[],
  grants: readonly string[] = all,
  more: Partial<CodingAgentRequest> = {},
  agent: AcpAgent = small,
) {
  const acts = actsOf(grants)
  const request = scratch.request(socket, folder, { prompt: lines.join('\n'), ...more })
  const { places } = scratch.workbench
  const result = await runAcpAgent(places, agent, request, acts, scratch.workbench.context())
  return { ...result, asked: acts.asked }
}

const find = 'a.start <= b.end'
const repair = `replace | /workspace/src/interval.js | ${find} | a.start < b.end`

describe.skipIf(!usable)('an agent of the Agent Client Protocol', () => {
  it('repairs the sample by acts, each of which is asked for', async () => {
    const result = await work([
      'model | hello',
      repair,
      'run | npm test 2>&1 | tail -8',
      'ask | execute | npm test',
    ])
    expect(result.claim.text).toContain('# fail 0')
    expect(result).toMatchObject({ changed: ['src/interval.js'], refusals: [], claim: { outcome: 'done' } })
    expect(result.claim.text).toContain('model: Hello.')
    // Never for ever, whatever is offered.
    expect(result.claim.text).toContain('ask: yes')
    expect(await scratch.read(result.tree, 'src/interval.js')).toContain('a.start < b.end && b.start < a.end')
    expect(result.asked).toEqual(['files.read', 'files.edit', 'shell.run', 'shell.run'])
  })

  it('is refused what it has no grant for, and the refusal is recorded', async () => {
    const lines = [repair, 'run | npm test', 'ask | execute | rm -rf', 'ask | fetch | https://example.org']
    const result = await work(lines, ['files.read'])
    expect(result.changed).toEqual([])
    expect(result.tree).toBe(scratch.workspace.base.tree)
    expect(result.claim.text.match(/refused: ATL_CODING_AGENT_NOT_GRANTED/g)).toHaveLength(2)
    expect(result.claim.text.match(/ask: no/g)).toHaveLength(2)
    expect(result.refusals.map(({ what }) => what)).toEqual([
      'write /workspace/src/interval.js',
      'run npm test',
      'permission: rm -rf',
      'permission: https://example.org',
    ])
  })

  it('cannot change tests that stand there, neither by asking nor behind the studio’s back', async () => {
    const result = await work([
      'write | test/calendar.test.js | // nothing to test',
      "run | echo '// nothing' > test/interval.test.js; rm test/calendar.test.js",
      'write | test/more.test.js | // an addition is welcome',
      'write | .github/workflows/ci.yml | on: never',
    ])
    expect(result.changed).toEqual(['test/more.test.js'])
    expect(result.refusals.map(({ what }) => what).toSorted()).toEqual([
      'change test/calendar.test.js',
      'change test/interval.test.js',
      'write .github/workflows/ci.yml',
      'write test/calendar.test.js',
    ])
    expect(await scratch.read(result.tree, 'test/interval.test.js')).toContain('duration in minutes')
  })

  it('finds nothing of the host, of other tasks and of the network', async () => {
    const secrets = await mkdtemp(join(tmpdir(), 'atelier-other-task-'))
    await writeFile(join(secrets, 'key'), 'the key of another task')
    const result = await work([
      `look | ${secrets}/key`,
      'look | /etc/shadow',
      'look | /proc/1/environ',
      'read | /etc/passwd',
      'read | ../outside',
      'run | cat /proc/[0-9]*/environ',
      'fetch | https://example.org/',
      'fetch | http://169.254.169.254/',
      'environment',
      'write | src/link.js | x',
    ])
    await rm(secrets, { recursive: true })
    const said = result.claim.text
    expect(said).not.toContain('the key of another task')
    expect(said.match(/look: refused/g)!.length).toBeGreaterThanOrEqual(2)
    expect(said.match(/read: refused: ATL_DEVELOP_PATH_REFUSED/g)).toHaveLength(2)
    expect(said).toContain('run: exit 0: PATH=')
    expect(said).not.toMatch(/ATELIER|DATABASE_URL|VITEST|npm_config|KEY=/)
    expect(said.match(/fetch: refused/g)).toHaveLength(2)
    const names = /environment: (.*)/.exec(said)![1]!.split(' ')
    const allowed =
      'CI GATEWAY GIT_OPTIONAL_LOCKS HOME KEY LANG MODEL NO_COLOR PATH PWD OLDPWD SHLVL TMPDIR _'
    for (const name of names) expect(allowed.split(' ')).toContain(name)
  })

  it('cannot use the gateway with another key, nor learn its own from the record', async () => {
    const thief = {
      ...small,
      launch: (task: Parameters<AcpAgent['launch']>[0]) => small.launch({ ...task, key: 'guessed' }),
    }
    const stolen = await work(['model | hello'], all, {}, thief)
    expect(stolen.claim.text).toContain('Incorrect API key')
    const teller = await work(['run | echo task-key-1'])
    expect(teller.claim.text).toContain('[key of the task]')
    expect(JSON.stringify(teller)).not.toContain('task-key-1')
  })

  it('is held to its limits, also by parallel requests', async () => {
    const limits = { seconds: 120, acts: 5, concurrentActs: 2, sandbox: { memoryBytes: 2 ** 31 } }
    const result = await work(['parallel | 4 | sleep 1', 'run | true', 'run | true'], all, { limits })
    expect(result.claim.text).toContain('fulfilled fulfilled rejected rejected')
    expect(result.refusals.map(({ why }) => why)).toEqual([
      expect.stringContaining('more than 2 requests at the same time'),
      expect.stringContaining('more than 2 requests at the same time'),
      expect.stringContaining('more than 5 requests'),
    ])
  })

  it('that takes too long is ended, and what it did counts', async () => {
    const limits = { seconds: 15, acts: 50, concurrentActs: 4, sandbox: { memoryBytes: 2 ** 31 } }
    const result = await work([repair, 'hang'], all, { limits })
    expect(result).toMatchObject({
      ended: { kind: 'killed', by: 'timeout' },
      claim: { outcome: 'unknown' },
      changed: ['src/interval.js'],
    })
  })

  it('that dies leaves what it did; one that never speaks is an error with what it wrote', async () => {
    expect(await work([repair, 'die'])).toMatchObject({
      ended: { kind: 'exited', code: 3 },
      changed: ['src/interval.js'],
    })
    const mute = { ...small, launch: () => ({ arguments: [], environment: { VERSION: '99' } }) }
    await expect(work(['model | x'], all, {}, mute)).rejects.toMatchObject({
      code: 'ATL_CODING_AGENT_BROKEN_PROTOCOL',
    })
    await expect(work(['x'], all, {}, { ...small, programs: ['nothing'] })).rejects.toMatchObject({
      code: 'ATL_CODING_AGENT_NOT_INSTALLED',
    })
  })
})
