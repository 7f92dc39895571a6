import { z } from 'zod'
import { type Cost, escalationSchema } from '../../../contracts/index.ts'
import { agentErrors } from '../errors.ts'
import { acceptanceChain, requestSchema } from './acceptance.ts'
import type { Chain, ChainResult, PerformStep } from './chain.ts'
import { failureSummary } from './failure-summary.ts'
import { mostCalls } from './prompt-step.ts'

/** A chain as a step of a workflow names it. */
export interface NamedChain {
  readonly name: string
  readonly summary: string
  /** The agent in whose name models are asked. */
  readonly agent: string
  /** Models and routes that it asks. */
  readonly routes: readonly string[]
  /** The most that one run of it can use; a call is asked for thrice at most until its answer fits. */
  readonly limits: Cost
  /** An input that does not fit is a failure of the chain before its first step. */
  run(input: unknown, perform: PerformStep): Promise<ChainResult<unknown>>
}

interface Naming<I> extends Pick<NamedChain, 'name' | 'summary' | 'agent' | 'routes'> {
  readonly input: z.ZodType<I>
  readonly steps: number
  /** Of one call. */
  readonly atMost: Pick<Cost, 'money' | 'tokens' | 'seconds'>
}

function named<I, O>({ input, steps, atMost, ...naming }: Naming<I>, chain: Chain<I, O>): NamedChain {
  const calls = steps * mostCalls
  const { money, tokens, seconds } = atMost
  return {
    ...naming,
    limits: { money: calls * money, tokens: calls * tokens, toolCalls: calls, seconds: calls * seconds },
    run: async (given, perform) => {
      const parsed = input.safeParse(given)
      if (parsed.success) return chain.run(parsed.data, perform)
      const failure = { kind: 'input', problem: z.prettifyError(parsed.error) } as const
      const used = { calls: 0, tokens: 0, money: 0 }
      return { kind: 'failed', step: naming.name, failure, used, steps: [] }
    },
  }
}

/** The shipped chains by the names under which workflows use them. */
const namedChains: ReadonlyMap<string, NamedChain> = new Map(
  [
    named(
      {
        name: 'acceptance-criteria',
        summary: 'From a request in somebody’s words to criteria that tests can check.',
        agent: 'planner',
        routes: ['planner'],
        input: requestSchema,
        steps: 2,
        atMost: { money: 150_000, tokens: 25_000, seconds: 60 },
      },
      acceptanceChain,
    ),
    named(
      {
        name: 'failure-summary',
        summary: 'What several attempts that failed say together about the cause.',
        agent: 'planner',
        routes: ['planner'],
        input: escalationSchema,
        steps: 1,
        atMost: { money: 150_000, tokens: 25_000, seconds: 60 },
      },
      failureSummary,
    ),
  ].map((chain) => [chain.name, chain]),
)

/** @throws ATL_AGENT_CHAIN_UNKNOWN */
export function requireChain(name: string): NamedChain {
  const chain = namedChains.get(name)
  if (chain === undefined)
    throw agentErrors.CHAIN_UNKNOWN({ detail: `${name}; there are ${[...namedChains.keys()].join(', ')}` })
  return chain
}
