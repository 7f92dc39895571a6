import type { Cost } from '../../contracts/index.ts'
import { reportError } from '../../kernel/index.ts'
import type { Pipeline } from '../../store/index.ts'
import { storable } from '../audit/index.ts'
import { costFromAmounts } from '../budget/index.ts'
import { actAuditEntry, actRow, contentRows, decisionOf, endingEntry } from './act-writing.ts'
import type { Judgement } from './judgement.ts'
import { redactReport } from './redaction.ts'
import type { ActRequest } from './request.ts'
import type { DoorServices } from './services.ts'
import type { Standing, StandingAct } from './standing.ts'

/** A standing admission of which it is to be recorded that it was granted, and why. */
export interface GrantedStanding {
  readonly standing: Standing
  readonly judgement: Judgement
}

interface Kept {
  readonly leases: readonly ReturnType<Standing['leaseRow']>[]
  readonly acts: readonly StandingAct[]
  readonly granted: readonly GrantedStanding[]
}

/**
 * Records acts under standing admissions from beginning to end, and renews the leases of these; answers what the next
 * leases have, by their keys.
 */
export async function keepActs(
  services: DoorServices,
  send: Pipeline['send'],
  { leases, acts, granted }: Kept,
): Promise<ReadonlyMap<string, Cost>> {
  const { audit, clock } = services
  const rows = await send<{ lease: string; ended: boolean; amounts: number[] | null }>({
    name: 'door-keep',
    text: 'select * from acts_keep($1, $2, $3, $4, $5, $6)',
    values: [
      JSON.stringify(leases),
      JSON.stringify(acts.map(keptRow)),
      JSON.stringify(decisionsOf({ acts, granted })),
      JSON.stringify(contentRows(acts.flatMap(({ input, output }) => [input, ...(output ? [output] : [])]))),
      JSON.stringify([
        ...granted.map((each) => ({ act_key: '', record: audit.serialise(grantedEntry(each)) })),
        ...acts.map((act) => ({
          act_key: act.identity.request.key,
          record: audit.serialise(endingEntry(act)),
        })),
      ]),
      new Date(clock.now()),
    ],
  })
  return new Map(
    rows.flatMap(({ lease, ended, amounts: given }) =>
      ended || given === null ? [] : [[lease, costFromAmounts(given)] as const],
    ),
  )
}

function keptRow(act: StandingAct) {
  const { identity, admitted, standing, input, output, error, charged, overrun } = act
  const { money, tokens, toolCalls, seconds } = charged
  return {
    ...actRow(identity),
    lease: standing.lease?.key ?? '',
    principal_id: admitted.actor.id,
    on_behalf_of: admitted.actor.onBehalfOf ?? null,
    state: error === undefined ? 'succeeded' : 'failed',
    reason: error === undefined ? 'performed' : 'failed',
    input_blob: input.digest,
    output_digest: output?.digest ?? null,
    error: error === undefined ? null : storable(redactReport(reportError(error))),
    redactions: [...new Set([...input.redactions, ...(output?.redactions ?? [])])].sort(),
    ...{ money, tokens, tool_calls: toolCalls, seconds },
    money_overrun: overrun.money,
    tokens_overrun: overrun.tokens,
    tool_calls_overrun: overrun.toolCalls,
    seconds_overrun: overrun.seconds,
    started_at: act.startedAt,
    ended_at: act.endedAt,
  }
}

/** Each decision once, with the acts that it let in. */
function decisionsOf({ acts, granted }: Pick<Kept, 'acts' | 'granted'>) {
  const about = (keys: readonly (string | null)[], request: ActRequest, judgement: Judgement) =>
    decisionOf(request, judgement).map((row) => ({ act_keys: keys, ...row }))
  const letIn = Map.groupBy(acts, ({ admitted }) => admitted.judgement)
  return [
    ...granted.flatMap(({ standing, judgement }) => about([null], standing.request, judgement)),
    ...[...letIn].flatMap(([judgement, [first, ...others]]) => {
      if (first === undefined) return []
      const keys = [first, ...others].map(({ identity }) => identity.request.key)
      return about(keys, first.identity.request, judgement)
    }),
  ]
}

function grantedEntry({ standing: { tool, request }, judgement }: GrantedStanding) {
  const { digests, ...entry } = actAuditEntry({ request, tool: tool.name }, judgement)
  return { ...entry, digests, actKey: null, outcome: 'allowed' as const, detail: { standing: true } }
}
