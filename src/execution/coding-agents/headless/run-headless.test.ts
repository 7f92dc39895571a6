import { tmpdir } from 'node:os'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { probeSandbox } from '../../sandbox/index.ts'
import { installAgent, ScratchAgents } from '../scratch-agents.ts'
import { headlessAgents, runHeadlessAgent } from './run-headless.ts'

const { usable } = await probeSandbox()

let scratch: ScratchAgents
beforeAll(async () => {
  scratch = await ScratchAgents.open()
})
afterAll(() => scratch[Symbol.asyncDispose]())

describe.skipIf(!usable)('a real agent from npm, in a sandbox, with a scripted model', () => {
  it.each(['codex', 'claude-code'] as const)(
    '%s repairs the sample',
    async (name) => {
      const installed = await installAgent(name)
      if (typeof installed === 'string') {
        console.warn(`skipped: ${installed}`)
        return
      }
      const { server, socket } = await scratch.model({
        scenario: 'fixes-appointments-by-shell',
        key: 'task-key-1',
      })
      const request = scratch.request(socket, installed.folder)
      const result = await runHeadlessAgent(
        scratch.workbench.places,
        name,
        request,
        scratch.workbench.context(),
      )
      const said = JSON.stringify(result.transcript).slice(-3_000)
      expect(result.changed, said).toEqual(['src/interval.js'])
      expect(await scratch.read(result.tree, 'src/interval.js')).toContain(
        'a.start < b.end && b.start < a.end',
      )
      expect(result.claim).toEqual({
        outcome: 'done',
        text: expect.stringContaining('do not overlap') as string,
      })
      expect(result.ended).toEqual({ kind: 'exited', code: 0 })
      expect(result.refusals).toEqual([])
      expect(said).toContain('do not overlap')
      const agent = headlessAgents.find((one) => one.name === name)!
      const asked = server.requests.conversations()
      expect(new Set(asked.map(({ protocol }) => protocol))).toEqual(new Set([agent.speaks]))
      expect(asked.every(({ key }) => key === 'task-key-1')).toBe(true)
    },
    300_000,
  )
})

describe.skipIf(!usable)('what cannot work is refused before anything runs:', () => {
  it.each([
    ['nobody', 'ATL_CODING_AGENT_UNKNOWN'],
    ['gemini-cli', 'ATL_CODING_AGENT_PROTOCOL_NOT_SERVED'],
    ['codex', 'ATL_CODING_AGENT_NOT_INSTALLED'],
  ])('%s: %s', async (name, code) => {
    const { places } = scratch.workbench
    const request = scratch.request('/nowhere.sock', tmpdir())
    await expect(runHeadlessAgent(places, name, request, scratch.workbench.context())).rejects.toMatchObject({
      code,
    })
  })

  it('an agent outside of a sandbox of namespaces', async () => {
    const places = { ...scratch.workbench.places, isolation: 'none' as const }
    const { folder } = await scratch.installation({ 'bin/aider': import.meta.filename })
    const run = runHeadlessAgent(
      places,
      'aider',
      scratch.request('/nowhere.sock', folder),
      scratch.workbench.context(),
    )
    await expect(run).rejects.toMatchObject({ code: 'ATL_CODING_AGENT_NO_ISOLATION' })
  })
})

describe('claims are read from whatever is printed:', () => {
  it.each(headlessAgents.map((agent) => [agent.name, agent] as const))('%s', (_name, agent) => {
    fc.assert(
      fc.property(fc.string(), fc.option(fc.integer(), { nil: undefined }), (output, code) => {
        expect(['done', 'failed', 'unknown']).toContain(agent.readClaim(output, code).outcome)
      }),
    )
    expect(agent.readClaim('', undefined).outcome).toBe('unknown')
    expect(agent.readClaim('', 1).outcome).toBe('failed')
  })
})
