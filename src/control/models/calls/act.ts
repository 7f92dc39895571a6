import type { ModelRequest, ModelResponse, Tool, ToolContext } from '../../../contracts/index.ts'
import { tenantScope } from '../../../governance/audit/index.ts'
import type { ActRequest } from '../../../governance/door/index.ts'
import { AtelierError } from '../../../kernel/index.ts'
import type { ModelAccess } from '../access.ts'
import type { Capability } from '../catalogue/schema.ts'
import { fromCache } from '../cache/answer-cache.ts'
import { sizeOf } from '../metering/request-size.ts'
import type { GatewayParts } from '../parts.ts'
import { toCallRow } from '../provenance/call-row.ts'
import type { CallStory } from '../provenance/call-row.ts'
import { UpstreamFailure } from '../upstreams/failure.ts'
import { modelCallTool, windUpSeconds } from './model-call.ts'
import { findRoute, planCall } from './plan.ts'
import type { CallPlan } from './plan.ts'
import { runCall } from './run-call.ts'
import type { Transport } from './transport.ts'

export interface AskedCall {
  readonly access: ModelAccess
  /** Without secrets. */
  readonly request: ModelRequest
  /** The same within a step for the same call. */
  readonly key: string
  /** Nobody will ask with this key again, so the answer need not wait for its record. */
  readonly unrepeatable?: true | undefined
  readonly signal: AbortSignal
  readonly prompt: string | undefined
  readonly transport: (plan: CallPlan) => Transport & { readonly kind: 'translated' | 'relayed' }
}

export interface AnsweredCall {
  readonly response: ModelResponse
  /** Whether an upstream was asked for it just now, and not long ago. */
  readonly origin: 'upstream' | 'cache' | 'record'
}

/**
 * Makes a call as one act at the door: planned, admitted, reserved for, performed, settled and written down.
 * @throws errors of MODEL, DOOR, POLICY, IDENTITY, MANDATE and BUDGET.
 */
export async function actOfCall(parts: GatewayParts, call: AskedCall): Promise<AnsweredCall> {
  const { request, prompt } = call
  const actKey = actKeyOf(call)
  const plan = await planOrObstacle(parts, call)
  const performed: { origin: AnsweredCall['origin']; logged?: Promise<void> } = { origin: 'record' }
  const tool = modelCallTool(plan, async (planned, context) => {
    const story = startStory(parts, call, actKey, planned)
    const started = parts.clock.now()
    try {
      const answered = await performCall(parts, call, planned, context, story)
      const milliseconds = Math.max(0, Math.round(parts.clock.now() - started))
      const response: ModelResponse = { ...answered.response, milliseconds }
      performed.origin = answered.origin
      performed.logged = story.end({ response })
      return response
    } catch (error) {
      performed.logged = story.end({ error })
      throw error
    }
  })
  if (plan instanceof AtelierError) performed.logged = startStory(parts, call, actKey).end({ error: plan })
  try {
    const response = await parts.door.act(
      tool,
      { request, ...(prompt !== undefined && { prompt }) },
      actRequest(parts, call, actKey, tool),
    )
    return { response, origin: performed.origin }
  } finally {
    await performed.logged
  }
}

/** The same for the same call of a step, and unique within the tenant. */
export function actKeyOf({ access, key }: Pick<AskedCall, 'access' | 'key'>): string {
  return `${access.runId}/${access.stepId}/model/${key}`
}

/** What the door is told about a call. */
export function actRequest(
  { logger }: Pick<GatewayParts, 'logger'>,
  {
    access,
    request,
    signal,
    unrepeatable,
  }: Pick<AskedCall, 'access' | 'request' | 'signal' | 'unrepeatable'>,
  key: string,
  { worstCase }: Pick<Tool, 'worstCase'>,
): ActRequest {
  const { tenantId, projectId, runId, stepId, attempt, principal } = access
  return {
    ...{ tenantId, projectId, runId, stepId, attempt, principal, key, signal, logger },
    resource: `model:${request.model}`,
    context: { isolation: 'not-applicable' },
    deadlineMs: Math.max(worstCase.seconds, windUpSeconds) * 1000,
    report: () => undefined,
    ...(unrepeatable && { unrepeatable }),
  }
}

/** Whom to ask, or why nobody can be asked. */
export async function planOrObstacle(
  { directory, services, weights, clock }: GatewayParts,
  { access, request, key }: Pick<AskedCall, 'access' | 'request' | 'key'>,
  needs: readonly Capability[] = [],
): Promise<CallPlan | AtelierError> {
  const { catalogue, routes } = await directory.read()
  try {
    const route = findRoute(request.model, access, { catalogue, routes })
    return planCall(route, access, request, await sizeOf(request), {
      needs,
      catalogue,
      routes,
      missing: ({ upstream }) => services.connections.missing(upstream),
      weights:
        route.targets.length > 1
          ? await weights.of(access.tenantId, access.principal.id, route.name)
          : undefined,
      key,
      now: clock.now(),
    })
  } catch (error) {
    if (error instanceof AtelierError && !error.retryable) return error
    throw error
  }
}

async function performCall(
  parts: GatewayParts,
  call: AskedCall,
  plan: CallPlan,
  context: ToolContext,
  story: Story,
): Promise<AnsweredCall> {
  const { cache, services } = parts
  const scope = tenantScope(context.tenantId, context.principal.id)
  const cacheKey = cache.keyOf(plan, call.request)
  const kept = cacheKey === undefined ? undefined : await cache.find(scope, cacheKey)
  if (kept !== undefined) {
    context.recordCost?.({ money: 0, tokens: 0 })
    story.note({ transport: 'cached' })
    return { response: fromCache(kept, plan.route.name), origin: 'cache' }
  }
  const transport = noticing(call.transport(plan), story)
  const leave = await enterByKey(parts, call, plan, context)
  try {
    const finished = await runCall(plan, call.request, transport, services, context)
    const { answer, target, endpoint, usage, cost, failedBefore } = finished
    const response: ModelResponse = {
      content: [...answer.content],
      finish: answer.finish,
      usage,
      cost,
      provenance: {
        model: target.model.id,
        version: answer.version === '' ? target.model.name : answer.version,
        provider: target.model.upstream.id,
        endpoint,
        route: plan.route.name,
        failedBefore: [...failedBefore],
        cached: false,
      },
    }
    if (cacheKey !== undefined) await cache.keep(scope, cacheKey, response, plan.route.cacheMs)
    return { response, origin: 'upstream' }
  } finally {
    leave()
  }
}

/** Waits for a turn among the calls of the same key. @throws ATL_MODEL_QUEUE_FULL */
async function enterByKey(
  { services }: GatewayParts,
  { access, signal }: AskedCall,
  plan: CallPlan,
  context: ToolContext,
): Promise<() => void> {
  const { limits, keyId = `${access.runId}/${access.stepId}` } = access
  if (limits === undefined || Object.keys(limits).length === 0) return () => undefined
  const tokens = plan.size.atMost + plan.chain[0].maxOutput
  try {
    const turnstile = services.turnstiles.ofKey(`${access.tenantId} ${keyId}`, limits)
    return await turnstile.enter({ group: keyId, tokens, signal: AbortSignal.any([signal, context.signal]) })
  } catch (error) {
    context.recordCost?.({ money: 0, tokens: 0 })
    throw error instanceof UpstreamFailure ? error.toError('the key') : error
  }
}

/** Tells the story who is asked and when the first piece of an answer comes. */
function noticing(transport: ReturnType<AskedCall['transport']>, story: Story): Transport {
  return {
    send: (connection, target, watch) => {
      story.note({ model: target.model, firstTokenAt: undefined })
      const token = (): void => {
        story.firstToken()
        watch.token()
      }
      const sent = transport.send(connection, target, { ...watch, token })
      story.note({ transport: transport.kind })
      return sent
    },
    arrived: () => transport.arrived(),
    delivered: () => transport.delivered(),
  }
}

type Noted = { -readonly [K in 'transport' | 'model' | 'firstTokenAt']: CallStory[K] }

interface Story {
  note(more: Partial<Noted>): void
  firstToken(): void
  end(outcome: CallStory['outcome']): Promise<void>
}

function startStory(parts: GatewayParts, call: AskedCall, actKey: string, plan?: CallPlan): Story {
  const { clock, log } = parts
  const { access, request, prompt } = call
  const startedAt = clock.now()
  const known: Noted = { transport: 'none', model: undefined, firstTokenAt: undefined }
  return {
    note: (more) => void Object.assign(known, more),
    firstToken: () => {
      known.firstTokenAt ??= clock.now()
    },
    end: async (outcome) => {
      const endedAt = clock.now()
      const route = plan?.route.name
      const row = toCallRow({ access, actKey, request, prompt, route, ...known, startedAt, endedAt, outcome })
      if (call.unrepeatable === true) log.addSoon(row)
      else await log.add(row)
    },
  }
}
