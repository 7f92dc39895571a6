import type { Cost } from '../../contracts/index.ts'
import { reportError } from '../../kernel/index.ts'
import type { Pipeline } from '../../store/index.ts'
import { storable } from '../audit/index.ts'
import { costFromAmounts } from '../budget/index.ts'
import { actAuditEntry, actRow, contentRows, decisionRow, endingEntry } from './act-writing.ts'
import type { Judgement } from './judgement.ts'
import { redactReport } from './redaction.ts'
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
      JSON.stringify([
        ...granted.flatMap(grantedDecision),
        ...acts.flatMap((act) => decisionRow(judged(act))),
      ]),
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

function judged({ identity, admitted: { judgement } }: StandingAct) {
  return { identity, judgement }
}

function grantedDecision({ standing: { request }, judgement }: GrantedStanding) {
  return [decisionRow({ identity: { request }, judgement })].flat().map((row) => ({ ...row, act_key: null }))
}

function grantedEntry({ standing: { tool, request }, judgement }: GrantedStanding) {
  const { digests, ...entry } = actAuditEntry({ request, tool: tool.name }, judgement)
  return { ...entry, digests, actKey: null, outcome: 'allowed' as const, detail: { standing: true } }
}
