import type { calcPrice, ModelPrice } from '@pydantic/genai-prices'
import type { PriceTable } from './schema.ts'

/** What a price list says about a model, if it knows it. */
export type PriceList = (provider: string, model: string) => PriceTable | undefined

/** The price list that ships with the studio. */
export async function loadPriceList(): Promise<PriceList> {
  const { calcPrice } = await import('@pydantic/genai-prices')
  return (provider, model) => lookUp(calcPrice, provider, model)
}

function lookUp(calculate: typeof calcPrice, provider: string, model: string): PriceTable | undefined {
  const found = calculate({ input_tokens: 1, output_tokens: 1 }, model, { providerId: provider })
  if (found === null) return undefined
  const read = priceReader(found.model_price)
  const base = tierOf(read, 0)
  if (base === undefined) return undefined
  const above = tierStarts(found.model_price).flatMap((tokens) => {
    const tier = tierOf(read, tokens + 1)
    return tier === undefined ? [] : [{ tokens, ...tier }]
  })
  return above.length === 0 ? base : { ...base, above }
}

type PriceReader = (unit: string, inputTokens: number) => number | undefined

function priceReader(prices: ModelPrice): PriceReader {
  return (unit, inputTokens) => {
    const price = prices[unit]
    if (price === undefined || typeof price === 'number') return price
    return price.tiers.findLast(({ start }) => start < inputTokens)?.price ?? price.base
  }
}

function tierStarts(prices: ModelPrice): number[] {
  const starts = Object.values(prices).flatMap((price) =>
    typeof price === 'object' ? price.tiers.map(({ start }) => start) : [],
  )
  return [...new Set(starts)].filter((start) => start > 0).sort((a, b) => a - b)
}

function tierOf(read: PriceReader, inputTokens: number) {
  const input = read('input_mtok', inputTokens)
  if (input === undefined) return undefined
  const cacheRead = read('cache_read_mtok', inputTokens)
  const cacheWrite = read('cache_write_mtok', inputTokens)
  return {
    input,
    // Embeddings have no output.
    output: read('output_mtok', inputTokens) ?? 0,
    ...(cacheRead !== undefined && { cacheRead }),
    ...(cacheWrite !== undefined && { cacheWrite }),
  }
}
