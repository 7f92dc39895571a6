import { describe, expect, it } from 'vitest'
import type { ModelEvent } from '../../contracts/index.ts'
import { asking, catalogueOf, createScratchGateway, question } from './scratch-gateway.ts'
import { startUpstream } from './scratch-upstream.ts'

describe('a call of a model', () => {
  it('is one act at the door: answered, metered, charged, and answered from its record', async () => {
    await using upstream = await startUpstream()
    await using scratch = await createScratchGateway(catalogueOf({ small: { url: upstream.url } }))
    const access = await scratch.access()
    const events: ModelEvent[] = []
    const client = scratch.gateway.client(access)
    const response = await client.ask(question('small'), {
      ...asking({ key: 'first' }),
      onEvent: (event) => events.push(event),
    })
    expect(response).toEqual({
      content: [{ kind: 'text', text: 'Hello' }],
      finish: 'stop',
      usage: { input: 20, output: 5, cacheRead: 0, cacheWrite: 0, reasoning: 0, source: 'provider' },
      cost: 90,
      provenance: {
        model: 'small',
        version: 'served-1',
        provider: 'at-small',
        endpoint: upstream.url,
        route: 'small',
        failedBefore: [],
        cached: false,
      },
    })
    expect(events.map(({ kind }) => kind)).toEqual(['text', 'finished'])
    expect(upstream.received[0]).toMatchObject({
      path: '/v1/chat/completions',
      headers: { authorization: 'Bearer test-secret-1' },
      body: { model: 'small', max_tokens: expect.any(Number) as number },
    })
    expect(await client.ask(question('small'), asking({ key: 'first' }))).toEqual(response)
    expect(upstream.received).toHaveLength(1)
    expect(await scratch.spent(access)).toEqual({ money: 90, tokens: 25, reserved: 0 })
  })
})
