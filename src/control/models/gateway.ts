import type { ModelClient, ModelRequest } from '../../contracts/index.ts'
import { CircuitBreaker, defaultCircuitBreaker } from '../../governance/door/index.ts'
import type { CircuitBreakerOptions } from '../../governance/door/index.ts'
import type { TenantId } from '../../kernel/index.ts'
import type { Tx } from '../../store/index.ts'
import type { ModelAccess } from './access.ts'
import { AnswerCache } from './cache/answer-cache.ts'
import { createClient } from './client.ts'
import { describeRoute } from './describe-route.ts'
import type { RouteDescription } from './describe-route.ts'
import { embed } from './embed.ts'
import type { Embedding, EmbeddingAnswer } from './embed.ts'
import { exchange } from './exchange.ts'
import type { Exchange, ExchangeAnswer } from './exchange.ts'
import { countRequest } from './metering/request-size.ts'
import { modelErrors } from './errors.ts'
import { listModels } from './model-list.ts'
import type { ListedModel } from './model-list.ts'
import { overviewOf } from './overview.ts'
import type { ModelOverview } from './overview.ts'
import type { GatewayParts } from './parts.ts'
import { CallLog } from './provenance/call-log.ts'
import { timeOf } from './resilience/time.ts'
import type { Time } from './resilience/time.ts'
import { Turnstiles } from './resilience/turnstiles.ts'
import type { Routes } from './routes/routes.ts'
import { RouteWeights } from './routes/weights.ts'
import type { WeightChange } from './routes/weights.ts'
import { Connections } from './upstreams/connections.ts'
import type { Credentials } from './upstreams/connections.ts'

/**
 * The one way to models. Every call is one act at the door, made in the name of one step; what cannot be called is an
 * act that failed.
 */
export interface ModelGateway {
  /** To ask through the studio's own contract. */
  client(access: ModelAccess): ModelClient
  /**
   * To ask in a protocol of providers.
   * @throws errors with codes as long as nothing was answered; after that they come from the body.
   */
  exchange(access: ModelAccess, call: Exchange): Promise<ExchangeAnswer>
  /** @throws as {@link ModelClient.ask} */
  embed(access: ModelAccess, call: Embedding): Promise<EmbeddingAnswer>
  /** What whoever asks may use here and now. */
  models(access: ModelAccess): Promise<readonly ListedModel[]>
  /** Where a route, or the id of a model, leads today. */
  describe(route: string): Promise<RouteDescription>
  /** Catalogue and routes, with the weights that hold for a tenant and what cannot be asked now. */
  overview(tx: Tx, tenantId: TenantId): Promise<ModelOverview>
  /** The studio's own count of a request, which differs from a provider's by some per cent. */
  countTokens(request: ModelRequest): Promise<number>
  /** Shifts the targets of a route for a tenant, or takes such a shift back, in all processes within a second. */
  setWeights(change: WeightChange): Promise<void>
  /** The same within a transaction of the caller's, after checking that it makes sense. @throws ATL_MODEL_WEIGHTS_INVALID */
  setWeightsIn(tx: Tx, change: WeightChange): Promise<void>
  /** Writes down what is still to be, and ends all connections. */
  close(): Promise<void>
}

export interface ModelGatewayOptions extends Pick<
  GatewayParts,
  'door' | 'database' | 'clock' | 'logger' | 'directory'
> {
  /** Values of the credentials that the catalogue names. */
  readonly credentials: Credentials
  /** Bytes that one answer of an upstream may have at most, whatever a route lets through; 64 MiB when absent. */
  readonly answerBytes?: number
  /** When an upstream is given a rest, and for how long. */
  readonly circuitBreaker?: CircuitBreakerOptions
  /** From 0 up to 1; `Math.random` when absent. */
  readonly random?: () => number
  /** Real timers when absent. */
  readonly time?: Time
}

/** The database must have {@link modelMigrations} applied. */
export function createModelGateway(options: ModelGatewayOptions): ModelGateway {
  const { door, database, clock, directory, credentials, answerBytes = 64 * 2 ** 20 } = options
  const logger = options.logger.child({ component: 'models' })
  const time = options.time ?? timeOf(clock)
  const connections = new Connections({ credentials, answerBytes })
  const parts: GatewayParts = {
    door,
    database,
    clock,
    logger,
    directory,
    services: {
      connections,
      breaker: new CircuitBreaker(clock, options.circuitBreaker ?? defaultCircuitBreaker),
      turnstiles: new Turnstiles(time),
      time,
      random: options.random ?? Math.random,
    },
    cache: new AnswerCache(database),
    weights: new RouteWeights(database, clock),
    log: new CallLog(database, logger),
  }
  return {
    client: (access) => createClient(parts, access),
    exchange: (access, call) => exchange(parts, access, call),
    embed: (access, call) => embed(parts, access, call),
    models: (access) => listModels(parts, access),
    describe: async (route) =>
      describeRoute(route, {
        ...(await directory.read()),
        missing: ({ upstream }) => connections.missing(upstream),
        now: clock.now(),
      }),
    countTokens: countRequest,
    overview: (tx, tenantId) => overviewOf(parts, tx, tenantId),
    setWeights: (change) => parts.weights.set(change),
    setWeightsIn: async (tx, change) => {
      requireSensibleWeights(change, (await directory.read()).routes)
      await parts.weights.setIn(tx, change)
    },
    close: async () => {
      await Promise.all([door.settled(), parts.log.settled()])
      await connections.close()
    },
  }
}

/** @throws ATL_MODEL_WEIGHTS_INVALID */
function requireSensibleWeights({ route: name, weights }: WeightChange, { named }: Routes): void {
  const invalid = (detail: string) => modelErrors.WEIGHTS_INVALID({ detail })
  const route = named.get(name)
  if (route === undefined) throw invalid(`there is no route ${name}`)
  if (weights === undefined) return
  for (const [model, weight] of Object.entries(weights)) {
    if (!route.targets.some((target) => target.model === model))
      throw invalid(`${name} has no target ${model}`)
    if (!(weight >= 0 && Number.isFinite(weight))) throw invalid(`the weight of ${model} is ${weight}`)
  }
  if (route.targets.every(({ model, weight }) => (weights[model] ?? weight) === 0))
    throw invalid(`every target of ${name} would have weight 0`)
}
