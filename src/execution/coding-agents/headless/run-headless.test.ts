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
  it.each(['codex', 'claude-code', 'qwen-code'] as const)(
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
