import type { Cost, Tool } from '../../contracts/index.ts'
import type { AtelierError, Digest, PrincipalId, TenantId } from '../../kernel/index.ts'
import type { Pipeline } from '../../store/index.ts'
import { tenantScope } from '../audit/index.ts'
import type { ActIdentity, Admitted, AskedAct, JudgedAct } from './act-stages.ts'
import { beginActs, readActs, refuseActs } from './act-writing.ts'
import type { StoredAct } from './act-writing.ts'
import { doorErrors } from './errors.ts'
import { isExternal, judge, readRegistered } from './judgement.ts'
import type { Registered } from './judgement.ts'
import type { DoorServices } from './services.ts'

/** The answer of the first transaction. */
export type Admission =
  | { readonly kind: 'recorded'; readonly outputDigest: Digest }
  | { readonly kind: 'refused'; readonly error: AtelierError }
  | Admitted

/** Gives back what is held of the budget for acts to come, and says whether that was anything. */
type MakeRoom = (tenantId: TenantId) => Promise<boolean>

/** In whose name the transactions of the door are done; the acts in them are by many principals. */
export const doorkeeper = 'service:door' as PrincipalId

/**
 * First transaction: judges acts of one tenant, reserves what they may use, and records all of it, also refusals. When
 * it is committed, whatever happens next is on record. Two round trips: reading, and writing what follows from it.
 */
export async function admitMany(
  services: DoorServices,
  makeRoom: MakeRoom | undefined,
  acts: readonly AskedAct[],
): Promise<readonly Admission[]> {
  const [first] = acts
  if (first === undefined) return []
  const { tenantId } = first.identity.request
  const scope = tenantScope(tenantId, doorkeeper)
  const { answers, exhausted } = await services.database.pipelined(scope, async (pipeline) => {
    const requests = acts.map(({ identity }) => identity.request)
    const keys = requests.map(({ key }) => key)
    const [stored, registered] = await Promise.all([
      readActs(pipeline.send, tenantId, keys),
      readRegistered(pipeline, tenantId, requests),
    ])
    const answers: (Admission | JudgedAct)[] = []
    for (const act of acts)
      answers.push(await answer(services, pipeline, registered, act, stored.get(act.identity.request.key)))
    const writing = record(services, pipeline, answers.filter(isJudged))
    return { underWay: writing.then((exhausted) => ({ answers, exhausted })) }
  })
  if (exhausted.size === 0) return answers.map(admissionOf)
  // What was set aside for acts to come must not be what is missing for these.
  if ((await makeRoom?.(tenantId)) === true) {
    const refused = acts.filter(({ identity }) => exhausted.has(identity.request.key))
    const again = await admitMany(services, undefined, refused)
    const late = new Map(refused.map(({ identity }, index) => [identity.request.key, again[index]]))
    return answers.map((given, index) => late.get(keyOf(acts[index])) ?? admissionOf(given))
  }
  // Nothing was recorded yet of what the ledger refused.
  const final = answers.map((given) => (isJudged(given) ? withoutBudget(given, exhausted) : given))
  await services.database.pipelined(scope, (pipeline) => {
    const refused = final.filter((given, index) => given !== answers[index])
    return Promise.resolve({ underWay: record(services, pipeline, refused.filter(isJudged)) })
  })
  return final.map(admissionOf)
}

async function answer(
  services: DoorServices,
  pipeline: Pipeline,
  registered: Registered,
  act: AskedAct,
  stored: StoredAct | undefined,
): Promise<Admission | JudgedAct> {
  const { identity, tool, input } = act
  const { request } = identity
  const reused = stored && describeReuse(stored, identity, tool)
  if (reused !== undefined) return { kind: 'refused', error: reused }
  if (stored?.state === 'succeeded' && stored.output_digest !== null) {
    return { kind: 'recorded', outputDigest: stored.output_digest }
  }
  const attempt = (stored?.attempt ?? 0) + 1
  if (attempt > 1) {
    await pipeline.join((tx) =>
      services.ledger.settleEarlierAttempts(tx, request.tenantId, request.key, attempt),
    )
  }
  const judgement = await judge(services, pipeline, registered, tool, request, input)
  const { refusal } = judgement
  if (refusal !== undefined && stored && isOnRecord(stored, act, refusal))
    return { kind: 'refused', error: refusal }
  return {
    ...act,
    attempt,
    judgement,
    reserved: refusal === undefined ? reservationOf(tool) : undefined,
    look: isExternal(tool) && attempt > 1 && input.ok,
    refusal,
  }
}

/** An agent that is brought back from its record asks again for what it was refused; that is no second attempt. */
function isOnRecord(
  stored: StoredAct,
  { identity: { request, inputDigest } }: AskedAct,
  refusal: AtelierError,
): boolean {
  return (
    request.grants !== undefined &&
    stored.state === 'refused' &&
    stored.input_digest === inputDigest &&
    stored.error_code === refusal.code
  )
}

/** Sends what is to be recorded; answers what the ledger refused, which is not recorded. */
function record(
  services: DoorServices,
  { send }: Pipeline,
  judged: readonly JudgedAct[],
): Promise<ReadonlyMap<string, AtelierError>> {
  const isBegun = ({ refusal, look }: JudgedAct): boolean => refusal === undefined || look
  const refused = judged.filter((act) => !isBegun(act))
  if (refused.length > 0) refuseActs(services, send, refused)
  return beginActs(services, send, judged.filter(isBegun))
}

function keyOf(act: AskedAct | undefined): string {
  return act?.identity.request.key ?? ''
}

function withoutBudget(act: JudgedAct, exhausted: ReadonlyMap<string, AtelierError>): JudgedAct {
  const refusal = exhausted.get(act.identity.request.key)
  return refusal === undefined ? act : { ...act, refusal, reserved: undefined }
}

function isJudged(answer: Admission | JudgedAct): answer is JudgedAct {
  return 'identity' in answer
}

function admissionOf(answer: Admission | JudgedAct): Admission {
  if (!isJudged(answer)) return answer
  const { attempt, judgement, reserved, look, refusal } = answer
  if (refusal !== undefined && !look) return { kind: 'refused', error: refusal }
  return { kind: 'admitted', attempt, actor: judgement.actor, judgement, reserved, look, refusal }
}

/** A key stands for one act: the same tool in the same run, and the same input once anything came of it. */
function describeReuse(
  stored: StoredAct,
  { request, inputDigest }: ActIdentity,
  tool: Pick<Tool, 'name' | 'effect'>,
): AtelierError | undefined {
  const sameAct = stored.run_id === request.runId && stored.tool === tool.name
  const mayDiffer = stored.attempt === 0 || (stored.state !== 'succeeded' && !isExternal(tool))
  if (sameAct && (mayDiffer || stored.input_digest === inputDigest)) return undefined
  const earlier = sameAct ? 'another input' : `${stored.tool} in ${stored.run_id}`
  return doorErrors.KEY_REUSED({ detail: `${request.key} stands for ${earlier}` })
}

/** A use of a tool is one call at least, whatever the tool says. */
function reservationOf(tool: Pick<Tool, 'worstCase'>): Cost {
  return { ...tool.worstCase, toolCalls: Math.max(1, tool.worstCase.toolCalls) }
}
