import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ModelRequest, ModelUsage } from '../../../contracts/index.ts'
import type { Price } from '../catalogue/catalogue.ts'
import { costOf, worstCost } from './cost.ts'
import { countTokens, sizeOf } from './request-size.ts'
import { usageOf } from './usage.ts'

const price = (table: Extract<Price, { kind: 'known' }>['table']): Price => ({ kind: 'known', table })
const tokens = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 }

describe('the cost of an answer', () => {
  it('is in millionths, rounded up', () => {
    expect(costOf({ ...tokens, input: 1000, output: 100 }, price({ input: 3, output: 15 }))).toBe(4500)
    expect(costOf({ ...tokens, input: 1 }, price({ input: 0.075, output: 0.3 }))).toBe(1)
    expect(costOf({ ...tokens, input: 40 }, price({ input: 0.075, output: 0.3 }))).toBe(3)
    expect(costOf(tokens, price({ input: 3, output: 15 }))).toBe(0)
    expect(costOf({ ...tokens, input: 5 }, { kind: 'unknown', use: 'allow' })).toBeNull()
  })

  it('knows what a cache saves and costs, and prices of long requests', () => {
    const table = {
      input: 4,
      output: 20,
      cacheRead: 0.4,
      cacheWrite: 5,
      above: [{ tokens: 1000, input: 8, output: 30 }],
    }
    expect(costOf({ input: 1000, output: 10, cacheRead: 500, cacheWrite: 200 }, price(table))).toBe(
      200 + 1000 + 1200 + 200,
    )
    expect(costOf({ ...tokens, input: 1001, output: 10 }, price(table))).toBe(8008 + 300)
  })

  it('is never more than the worst, exact whatever the size', () => {
    const amount = fc.integer({ min: 0, max: 1_000_000_000 })
    const rate = fc.double({ min: 0, max: 1000, noNaN: true })
    fc.assert(
      fc.property(
        amount,
        amount,
        amount,
        amount,
        rate,
        rate,
        rate,
        rate,
        (input, output, a, b, p1, p2, p3, p4) => {
          const cacheRead = Math.min(a, input)
          const cacheWrite = Math.min(b, input - cacheRead)
          const known = price({ input: p1, output: p2, cacheRead: p3, cacheWrite: p4 })
          const cost = costOf({ input, output, cacheRead, cacheWrite }, known)
          expect(Number.isSafeInteger(cost)).toBe(true)
          expect(cost).toBeLessThanOrEqual(worstCost(input, output, known))
        },
      ),
    )
  })
})

const request = (text: string): ModelRequest => ({
  model: 'm',
  messages: [{ role: 'user', content: [{ kind: 'text', text }] }],
})

describe('the size of a request', () => {
  it.each([
    'short',
    'prose. '.repeat(2000),
    'const x = { a: [1, 2, 3] }\n'.repeat(500),
    '日本語の文章。'.repeat(800),
  ])('is bounded from below and above by what is counted', async (text) => {
    const { atLeast, atMost, bytes } = await sizeOf(request(text))
    const counted = await countTokens(text)
    expect(atLeast).toBeLessThanOrEqual(counted)
    expect(atMost).toBeGreaterThanOrEqual(counted)
    expect(bytes).toBe(Buffer.byteLength(text))
  })

  it('is found in no time for what has no gaps', async () => {
    expect(await countTokens('a'.repeat(1_000_000))).toBeGreaterThan(1000)
  })

  it('counts files, tools and schemas', async () => {
    const plain = await sizeOf(request('x'))
    const image = {
      kind: 'file' as const,
      mediaType: 'image/png',
      data: { kind: 'base64' as const, base64: 'A'.repeat(4000) },
    }
    const full = await sizeOf({
      model: 'm',
      messages: [{ role: 'user', content: [{ kind: 'text', text: 'x' }, image] }],
      tools: [{ name: 'read', description: 'Reads.', input: { type: 'object' } }],
    })
    expect(full.atMost - plain.atMost).toBeGreaterThan(6000)
    expect(full.bytes - plain.bytes).toBeGreaterThan(3000)
  })
})

describe('the usage of an answer', () => {
  const content = [{ kind: 'text' as const, text: 'word '.repeat(100) }]
  const good: ModelUsage = {
    input: 30,
    output: 100,
    cacheRead: 0,
    cacheWrite: 0,
    reasoning: 0,
    source: 'provider',
  }
  const usage = async (given: ModelUsage | undefined) =>
    usageOf(
      request('Say a hundred words, please.'),
      { content, usage: given },
      {
        size: await sizeOf(request('Say a hundred words, please.')),
        output: 500,
      },
    )

  it('is what the provider says', async () => expect(await usage(good)).toEqual(good))

  it.each<[string, Partial<ModelUsage> | undefined]>([
    ['nothing is said', undefined],
    ['negative', { input: -1 }],
    ['not whole', { output: 1.5 }],
    ['not a number', { output: NaN }],
    ['more than was sent', { input: 100_000 }],
    ['more than was allowed', { output: 501 }],
    ['nothing for something', { output: 0 }],
    ['too little for so much', { output: 2 }],
    ['no request', { input: 0 }],
    ['more cached than sent', { cacheRead: 31 }],
  ])('is counted when it cannot be: %s', async (_name, wrong) => {
    const counted = await usage(wrong && { ...good, ...wrong })
    expect(counted).toMatchObject({ source: 'counted', cacheRead: 0 })
    expect(counted.output).toBeGreaterThan(90)
    expect(counted.output).toBeLessThan(110)
    expect(counted.input).toBeGreaterThan(5)
  })
})
