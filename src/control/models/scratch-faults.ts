import { asking, createScratchGateway, question } from './scratch-gateway.ts'
import type { ModelAccess } from './access.ts'
import type { ScratchGateway } from './scratch-gateway.ts'

/** How a caller takes an answer; whoever gives up does so at its first event. */
export type CallWay = 'ask' | 'watch' | 'stream' | 'whole' | 'give up'

export interface FaultyCall {
  readonly model: 'mixed' | 'bare' | 'chat' | 'claude'
  readonly way: CallWay
}

/**
 * A gateway over two bad upstreams, one for each protocol, and a good one to fall back to. The circuit breaker hardly
 * ever opens, so that calls go on to meet faults.
 */
export function createFaultyGateway(bad: string, good: string, concurrent: number): Promise<ScratchGateway> {
  const place = { deployment: 'cloud', residency: 'us', limits: { concurrent, waiting: 2 * concurrent } }
  const model = {
    ...{ context: 8000, maxOutput: 200, size: 'small', capabilities: ['tools'] },
    prices: { input: 2, output: 10 },
  }
  return createScratchGateway(
    JSON.stringify({
      upstreams: {
        chat: { ...place, kind: 'openai-compatible', baseUrl: `${bad}/v1` },
        claude: { ...place, kind: 'anthropic', baseUrl: `${bad}/v1` },
        spare: { ...place, kind: 'openai-compatible', baseUrl: `${good}/v1` },
      },
      models: {
        chat: { ...model, upstream: 'chat' },
        claude: { ...model, upstream: 'claude', prices: { input: 3, output: 15, cacheWrite: 4 } },
        spare: { ...model, upstream: 'spare', prices: { input: 1, output: 5 } },
      },
    }),
    `defaults: { retries: 1, cutOffRetries: 1, backoff: { first: 0.005, longest: 0.02 }, deadlines: { firstToken: 2, betweenTokens: 2, total: 12 } }
routes:
  mixed: { targets: [{ model: chat }, { model: claude }], fallback: [{ model: spare }], assignBy: call }
  bare: { targets: [{ model: chat }], cutOffRetries: 0 }
`,
    { circuitBreaker: { failures: 1_000_000, restMs: 1 } },
  )
}

/**
 * Makes a call: through the studio's own client, or as agents do, whose calls cannot be repeated and stand under what
 * was admitted before.
 *
 * @returns what it cost, in millionths; 0 where the caller is not told
 */
export async function makeFaultyCall(
  { gateway }: ScratchGateway,
  access: ModelAccess,
  { model, way }: FaultyCall,
): Promise<number> {
  const controller = new AbortController()
  const call = asking({ signal: controller.signal })
  if (way === 'stream' || way === 'whole') {
    const body = { model, messages: [{ role: 'user', content: 'Count.' }], stream: way === 'stream' }
    const answer = await gateway.exchange(access, {
      ...{ protocol: 'openai-chat', body, unrepeatable: true },
      ...call,
    })
    for await (const piece of answer.body)
      if (piece.length === 0) throw new Error('a piece of an answer is empty')
    return 0
  }
  const onEvent = way === 'ask' ? undefined : (): void => (way === 'give up' ? controller.abort() : undefined)
  const response = await gateway
    .client(access)
    .ask(question(model, 'Count.'), { ...call, ...(onEvent && { onEvent }) })
  return response.cost ?? 0
}
