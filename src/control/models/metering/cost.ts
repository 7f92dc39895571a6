import type { ModelUsage } from '../../../contracts/index.ts'
import type { Price } from '../catalogue/catalogue.ts'
import type { PriceTable } from '../catalogue/schema.ts'

type Tier = Omit<PriceTable, 'above'>
type TokenCounts = Pick<ModelUsage, 'input' | 'output' | 'cacheRead' | 'cacheWrite'>

/**
 * What an answer costs, in millionths of the currency, rounded up; null where the price is unknown. A price per million
 * tokens is the number of millionths that one token costs.
 */
export function costOf(usage: TokenCounts, price: Price): number | null {
  if (price.kind === 'unknown') return null
  const { input, output, cacheRead, cacheWrite } = usage
  const tier = tierFor(price.table, input)
  const fresh = Math.max(0, input - cacheRead - cacheWrite)
  return sum([
    [fresh, tier.input],
    [cacheRead, tier.cacheRead ?? tier.input],
    [cacheWrite, tier.cacheWrite ?? tier.input],
    [output, tier.output],
  ])
}

/** The most that so many tokens can cost, whatever of them goes through a cache; 0 where the price is unknown. */
export function worstCost(input: number, output: number, price: Price): number {
  if (price.kind === 'unknown') return 0
  const tiers: Tier[] = [price.table, ...(price.table.above ?? [])]
  return Math.max(
    ...tiers.map((tier) =>
      sum([
        [input, Math.max(tier.input, tier.cacheRead ?? 0, tier.cacheWrite ?? 0)],
        [output, tier.output],
      ]),
    ),
  )
}

function tierFor(table: PriceTable, input: number): Tier {
  return (table.above ?? []).filter(({ tokens }) => tokens < input).at(-1) ?? table
}

/** Prices are kept to six places, so that the sum is exact. */
const scale = 1_000_000

function sum(amounts: readonly (readonly [tokens: number, price: number])[]): number {
  const total = amounts.reduce(
    (money, [tokens, price]) => money + BigInt(tokens) * BigInt(Math.round(price * scale)),
    0n,
  )
  return Number((total + BigInt(scale) - 1n) / BigInt(scale))
}
