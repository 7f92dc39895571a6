import { CompiledQuery, Kysely, PostgresDialect, PostgresDriver } from 'kysely'
import type { DatabaseConnection, IsolationLevel, Transaction } from 'kysely'
import { escapeIdentifier, escapeLiteral } from 'pg'
import type { PoolClient } from 'pg'
import type { Tables } from './tables.ts'

export type Tx = Transaction<Tables>

export interface ScopeSettings {
  /** The role to step down to; undefined where the connection logged in as it. */
  readonly role: string | undefined
  /** Set until the end of the transaction, for the policies of row-level security to read. */
  readonly variables: Readonly<Record<string, string>>
  readonly isolation: IsolationLevel | undefined
}

/** Runs `work` in one transaction on the connection and gives the connection back. */
export async function runScoped<T>(
  client: PoolClient,
  settings: ScopeSettings,
  work: (tx: Tx, client: PoolClient) => Promise<T>,
): Promise<T> {
  const kysely = new Kysely<Tables>({ dialect: new ScopedDialect(client, settings) })
  return kysely.transaction().execute((tx) => work(tx, client))
}

/** One statement, prepared under its name on the connection's first use of it. */
export interface ScopedStatement {
  /** Unique for the text. */
  readonly name: string
  readonly text: string
  /** Types of the parameters, as PostgreSQL names them, and their values as text. */
  readonly parameters: readonly (readonly [type: string, value: string])[]
}

const preparedOn = new WeakMap<PoolClient, Set<string>>()

/**
 * Runs a statement in a transaction of its own, all in one round trip, and gives the connection back; after a failure
 * it is closed, which rolls back.
 */
export async function runScopedStatement(
  client: PoolClient,
  settings: ScopeSettings,
  { name, text, parameters }: ScopedStatement,
): Promise<void> {
  const prepared = preparedOn.get(client) ?? new Set()
  preparedOn.set(client, prepared)
  const types = parameters.map(([type]) => type).join(', ')
  const values = parameters.map(([, value]) => escapeLiteral(value)).join(', ')
  const statements = [
    beginStatement(settings),
    ...(prepared.has(name) ? [] : [`prepare ${escapeIdentifier(name)} (${types}) as ${text}`]),
    `execute ${escapeIdentifier(name)} (${values})`,
    'commit',
  ]
  try {
    await client.query(statements.join('; '))
    prepared.add(name)
    client.release()
  } catch (error) {
    client.release(true)
    throw error
  }
}

class ScopedDialect extends PostgresDialect {
  readonly #client: PoolClient
  readonly #settings: ScopeSettings

  constructor(client: PoolClient, settings: ScopeSettings) {
    super({ pool: onlyClient(client) })
    this.#client = client
    this.#settings = settings
  }

  override createDriver(): PostgresDriver {
    return new ScopedDriver(this.#client, this.#settings)
  }
}

/** Begins a transaction and enters its scope in one round trip. */
class ScopedDriver extends PostgresDriver {
  readonly #begin: string

  constructor(client: PoolClient, settings: ScopeSettings) {
    super({ pool: onlyClient(client) })
    this.#begin = beginStatement(settings)
  }

  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw(this.#begin))
  }
}

function onlyClient(client: PoolClient) {
  return { connect: () => Promise.resolve(client), end: () => Promise.resolve(), options: {} }
}

/** Begins a transaction and enters its scope. */
export function beginStatement({ role, variables, isolation }: ScopeSettings): string {
  const statements = [isolation === undefined ? 'begin' : `begin isolation level ${isolation}`]
  const settings = Object.entries(variables).map(
    ([name, value]) => `set_config(${escapeLiteral(name)}, ${escapeLiteral(value)}, true)`,
  )
  if (settings.length > 0) statements.push(`select ${settings.join(', ')}`)
  if (role !== undefined) statements.push(`set local role ${escapeIdentifier(role)}`)
  return statements.join('; ')
}
