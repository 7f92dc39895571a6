import { Kysely, PostgresDialect } from 'kysely'
import type { IsolationLevel } from 'kysely'
import type { Pool, PoolClient } from 'pg'
import { AtelierError, silentLogger } from '../kernel/index.ts'
import type { Logger, PrincipalId, TenantId } from '../kernel/index.ts'
import { borrow, createPool, integersAsNumbers, studioSessions } from './connection-pool.ts'
import { storeErrors } from './errors.ts'
import { translateFailure } from './failures.ts'
import { ensureRoles, refuseUnsafeRole, roles } from './roles.ts'
import { runPipelined } from './pipelined-transaction.ts'
import type { Ending, Pipeline } from './pipelined-transaction.ts'
import { runScoped, runScopedStatement } from './scoped-transaction.ts'
import type { ScopedStatement, ScopeSettings, Tx } from './scoped-transaction.ts'
import type { DatabaseTarget } from './target.ts'

/** For whom a transaction is done; decides which rows it can see and write. */
export type Scope =
  | { readonly kind: 'tenant'; readonly tenantId: TenantId; readonly principalId: PrincipalId }
  | { readonly kind: 'system' }

interface TransactionOptions {
  /** `read committed` when absent. */
  readonly isolation?: IsolationLevel
}

export interface Database {
  /**
   * Runs `work` in one transaction that is committed when it returns and rolled back when it throws. `client` is the
   * connection below `tx`, for libraries that join a transaction of their caller.
   * @throws ATL_STORE_UNAVAILABLE (retryable) when the server is away; whether a transaction that was just being
   * committed took place is then unknown. ATL_STORE_BUSY, ATL_STORE_CONFLICT (both retryable: nothing was done),
   * ATL_STORE_NO_SPACE, ATL_STORE_FORBIDDEN. What `work` throws passes through.
   */
  transaction<T>(
    scope: Scope,
    work: (tx: Tx, client: PoolClient) => Promise<T>,
    options?: TransactionOptions,
  ): Promise<T>
  /**
   * Like `transaction`, in as few round trips as there are answers to wait for: beginning rides along with the first
   * statement, and committing with what `work` leaves under way. For statements that are sent all the time and find
   * rows by their keys. `work` is run again where nothing came of it because the connection was dead.
   * @throws as `transaction`.
   */
  pipelined<T>(scope: Scope, work: (pipeline: Pipeline) => Promise<Ending<T>>): Promise<T>
  /**
   * Runs one statement in a transaction of its own and in a single round trip, for what is done very often. A failure
   * costs the connection.
   * @throws as `transaction`.
   */
  execute(scope: Scope, statement: ScopedStatement): Promise<void>
  /** The owner of the schema: for migrations, and for the engine's own tables. */
  readonly owner: DatabaseOwner
  /** Ends all connections; transactions under way come to their end first. */
  close(): Promise<void>
}

export interface DatabaseOwner {
  readonly url: string
  readonly pool: Pool
  readonly kysely: Kysely<unknown>
}

export interface ConnectOptions {
  readonly logger?: Logger
  /** Connections per role at most. */
  readonly poolSize?: number
  /** What it calls itself at the server; as all processes of the studio do when absent. */
  readonly name?: string
  /** How long a transaction waits for a server that is away before it fails. */
  readonly patienceMs?: number
}

/** Oldest major version with all that the studio uses. */
const oldestVersion = 15

/**
 * Connects to the database, checks that the server is new enough, and makes sure of the roles.
 * @throws errors of the area STORE.
 */
export async function connect(target: DatabaseTarget, options: ConnectOptions = {}): Promise<Database> {
  refuseInvalidUrl(target.owner)
  const logger = (options.logger ?? silentLogger).child({ component: 'store' })
  const { poolSize = 10, patienceMs = 10_000, name = studioSessions } = options
  const particulars = { application_name: name, types: integersAsNumbers, pipeline: true }
  const open = (url: string): Pool => createPool(url, poolSize, logger, particulars)
  // Libraries use it, which count on the driver's own way of reading values.
  const owner = createPool(target.owner, poolSize, logger, { application_name: name })
  const stepDown = open(target.application ?? target.owner)
  const accesses: Record<Scope['kind'], Access> = {
    tenant: { pool: stepDown, role: target.application === undefined ? roles.application : undefined },
    system: {
      pool: target.system === undefined ? stepDown : open(target.system),
      role: target.system === undefined ? roles.system : undefined,
    },
  }
  const pools = new Set([owner, accesses.tenant.pool, accesses.system.pool])
  const close = async (): Promise<void> => {
    await Promise.all([...pools].map((pool) => pool.end()))
  }
  try {
    const stepDownRoles = Object.values(accesses).flatMap(({ role }) => role ?? [])
    await prepare(owner, stepDownRoles, patienceMs, logger)
    await Promise.all(Object.values(accesses).map((access) => refuseUnsafeAccess(access, patienceMs)))
  } catch (error) {
    await close()
    throw translateFailure(error)
  }
  return {
    transaction: (scope, work, transactionOptions = {}) =>
      transact(accesses[scope.kind], patienceMs, scope, work, transactionOptions),
    pipelined: (scope, work) => pipelined(accesses[scope.kind], patienceMs, scope, work),
    execute: (scope, statement) => execute(accesses[scope.kind], patienceMs, scope, statement),
    owner: {
      url: target.owner,
      pool: owner,
      kysely: new Kysely({ dialect: new PostgresDialect({ pool: owner }) }),
    },
    close: once(close),
  }
}

/** How transactions of one kind reach the database. */
interface Access {
  readonly pool: Pool
  readonly role: string | undefined
}

async function transact<T>(
  access: Access,
  patienceMs: number,
  scope: Scope,
  work: (tx: Tx, client: PoolClient) => Promise<T>,
  { isolation }: TransactionOptions,
): Promise<T> {
  const settings: ScopeSettings = { role: access.role, variables: scopeVariables(scope), isolation }
  const deadline = performance.now() + patienceMs
  for (;;) {
    const client = await borrow(access.pool, patienceMs)
    const progress = { begun: false }
    try {
      return await runScoped(client, settings, (tx, connection) => {
        progress.begun = true
        return work(tx, connection)
      })
    } catch (error) {
      const failure = translateFailure(error)
      // A connection whose server has gone shows it on its next use; nothing was done on it yet.
      const isStale =
        !progress.begun && failure instanceof AtelierError && failure.code === storeErrors.UNAVAILABLE.code
      if (!isStale || performance.now() > deadline) throw failure
    }
  }
}

/**
 * Plans are kept for as long as a connection lives. One that was made while a table was small must not read all of it
 * when it has grown.
 */
const keysOnly = {
  enable_seqscan: 'off',
  enable_bitmapscan: 'off',
  enable_hashjoin: 'off',
  enable_mergejoin: 'off',
  enable_material: 'off',
  plan_cache_mode: 'force_generic_plan',
}

async function pipelined<T>(
  access: Access,
  patienceMs: number,
  scope: Scope,
  work: (pipeline: Pipeline) => Promise<Ending<T>>,
): Promise<T> {
  const settings: ScopeSettings = {
    role: access.role,
    variables: { ...scopeVariables(scope), ...keysOnly },
    isolation: undefined,
  }
  const deadline = performance.now() + patienceMs
  for (;;) {
    const client = await borrow(access.pool, patienceMs)
    const progress = { begun: false, committing: false }
    try {
      return await runPipelined(client, settings, progress, work)
    } catch (error) {
      const failure = translateFailure(error)
      const isStale =
        !progress.begun &&
        !progress.committing &&
        failure instanceof AtelierError &&
        failure.code === storeErrors.UNAVAILABLE.code
      if (!isStale || performance.now() > deadline) throw failure
    }
  }
}

async function execute(
  access: Access,
  patienceMs: number,
  scope: Scope,
  statement: ScopedStatement,
): Promise<void> {
  const client = await borrow(access.pool, patienceMs)
  const settings: ScopeSettings = {
    role: access.role,
    variables: scopeVariables(scope),
    isolation: undefined,
  }
  try {
    await runScopedStatement(client, settings, statement)
  } catch (error) {
    throw translateFailure(error)
  }
}

function scopeVariables(scope: Scope): Record<string, string> {
  if (scope.kind === 'system') return {}
  return { 'atelier.tenant_id': scope.tenantId, 'atelier.principal_id': scope.principalId }
}

function refuseInvalidUrl(url: string): void {
  const protocol = URL.canParse(url) ? new URL(url).protocol : undefined
  if (protocol !== 'postgresql:' && protocol !== 'postgres:') throw storeErrors.URL_INVALID()
}

async function prepare(
  owner: Pool,
  stepDownRoles: readonly string[],
  patienceMs: number,
  logger: Logger,
): Promise<void> {
  const client = await borrow(owner, patienceMs)
  try {
    const { rows } = await client.query<{ version: string; unbound: boolean }>(
      `select current_setting('server_version_num') as version, rolsuper or rolbypassrls as unbound
         from pg_roles where rolname = current_user`,
    )
    const major = Math.floor(Number(rows[0]?.version) / 10_000)
    if (major < oldestVersion)
      throw storeErrors.SERVER_TOO_OLD({ detail: `version ${major}, wanted ${oldestVersion} or newer` })
    if (rows[0]?.unbound === true)
      logger.log('warn', {}, 'The user of DATABASE_URL is a superuser: row-level security does not bind it')
    if (stepDownRoles.length > 0) await ensureRoles(client, stepDownRoles)
  } finally {
    client.release()
  }
}

async function refuseUnsafeAccess(access: Access, patienceMs: number): Promise<void> {
  const client = await borrow(access.pool, patienceMs)
  await runScoped(client, { role: access.role, variables: {}, isolation: undefined }, refuseUnsafeRole)
}

function once(action: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined
  return () => (running ??= action())
}
