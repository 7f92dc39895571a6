import type {
  ModelClient,
  ModelEvent,
  ModelRequest,
  ModelResponse,
  ToolContext,
} from '../../contracts/index.ts'
import type { Door } from '../../governance/door/index.ts'
import { CircuitBreaker, defaultCircuitBreaker } from '../../governance/door/index.ts'
import { AtelierError } from '../../kernel/index.ts'
import type { Clock, Logger } from '../../kernel/index.ts'
import type { Database } from '../../store/index.ts'
import type { ModelAccess } from './access.ts'
import { modelCallTool, windUpSeconds } from './calls/model-call.ts'
import { findRoute, planCall } from './calls/plan.ts'
import type { CallPlan } from './calls/plan.ts'
import { runCall } from './calls/run-call.ts'
import type { CallServices } from './calls/run-call.ts'
import { translatedTransport } from './calls/translated.ts'
import type { Transport } from './calls/transport.ts'
import { sizeOf } from './metering/request-size.ts'
import type { ModelDirectory } from './model-directory.ts'
import { redactRequest } from './redact-request.ts'
import { timeOf } from './resilience/time.ts'
import type { Time } from './resilience/time.ts'
import { Turnstiles } from './resilience/turnstiles.ts'
import { Connections } from './upstreams/connections.ts'
import type { Credentials } from './upstreams/connections.ts'

/** The one way to models. Every call is one act at the door. */
export interface ModelGateway {
  /** Asks in the name of one step. */
  client(access: ModelAccess): ModelClient
  /** Ends all connections. */
  close(): Promise<void>
}

export interface ModelGatewayOptions {
  readonly door: Door
  readonly database: Database
  readonly clock: Clock
  readonly logger: Logger
  readonly directory: ModelDirectory
  /** Values of the credentials that the catalogue names. */
  readonly credentials: Credentials
  /** Bytes that one answer of an upstream may have at most, whatever a route lets through; 64 MiB when absent. */
  readonly answerBytes?: number
  /** From 0 up to 1; `Math.random` when absent. */
  readonly random?: () => number
  /** Real timers when absent. */
  readonly time?: Time
}

export function createModelGateway(options: ModelGatewayOptions): ModelGateway {
  const { clock, credentials, answerBytes = 64 * 2 ** 20, random = Math.random } = options
  const time = options.time ?? timeOf(clock)
  const connections = new Connections({ credentials, answerBytes })
  const services: CallServices = {
    connections,
    breaker: new CircuitBreaker(clock, defaultCircuitBreaker),
    turnstiles: new Turnstiles(time),
    time,
    random,
  }
  const parts = { ...options, services }
  return {
    client: (access) => createClient(parts, access),
    close: () => connections.close(),
  }
}

interface GatewayParts extends ModelGatewayOptions {
  readonly services: CallServices
}

function createClient(parts: GatewayParts, access: ModelAccess): ModelClient {
  return {
    ask: async (asked, { key, signal, onEvent, prompt }) => {
      const request = redactRequest(asked)
      const plan = await plannedOrError(parts, access, request, key)
      let performed = false
      const transport = (route: CallPlan['route']): Transport =>
        translatedTransport({ request, answerBytes: route.answerBytes, onEvent: passOn(onEvent) })
      const tool = modelCallTool(plan, (planned, context) => {
        performed = true
        return performCall(parts, planned, request, transport(planned.route), context)
      })
      const input = { request, ...(prompt !== undefined && { prompt }) }
      const response = await parts.door.act(tool, input, {
        ...access,
        key: `${access.runId}/${access.stepId}/model/${key}`,
        resource: `model:${request.model}`,
        context: { isolation: 'not-applicable' },
        deadlineMs: tool.worstCase.seconds * 1000 || windUpSeconds * 1000,
        signal,
        logger: parts.logger,
        report: () => undefined,
      })
      if (performed) onEvent?.({ kind: 'finished', response })
      return response
    },
  }
}

function passOn(onEvent: ((event: ModelEvent) => void) | undefined) {
  return onEvent && ((event: ModelEvent): void => onEvent(event))
}

async function plannedOrError(
  parts: GatewayParts,
  access: ModelAccess,
  request: ModelRequest,
  key: string,
): Promise<CallPlan | AtelierError> {
  const { directory, services, clock } = parts
  const { catalogue, routes } = await directory.read()
  try {
    const route = findRoute(request.model, access, { catalogue, routes })
    return planCall(route, access, request, await sizeOf(request), {
      catalogue,
      routes,
      missing: ({ upstream }) => services.connections.missing(upstream),
      weights: undefined,
      key,
      now: clock.now(),
    })
  } catch (error) {
    if (error instanceof AtelierError && !error.retryable) return error
    throw error
  }
}

async function performCall(
  { services }: GatewayParts,
  plan: CallPlan,
  request: ModelRequest,
  transport: Transport,
  context: ToolContext,
): Promise<ModelResponse> {
  const { answer, target, endpoint, usage, cost, failedBefore } = await runCall(
    plan,
    request,
    transport,
    services,
    context,
  )
  return {
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
}
