import { CompiledQuery, Kysely, PostgresDialect, PostgresDriver } from 'kysely'
import type { PoolClient, QueryResultRow } from 'pg'
import { beginStatement } from './scoped-transaction.ts'
import type { ScopeSettings, Tx } from './scoped-transaction.ts'
import type { Tables } from './tables.ts'

/** One statement, prepared under its name on the connection's first use of it. */
interface Statement {
  /** Unique for the text. */
  readonly name: string
  readonly text: string
  readonly values: readonly unknown[]
}

/** Sends statements of one transaction without waiting for those before. */
export interface Pipeline {
  /** Puts a statement on the wire at once and answers its rows. One that fails undoes the whole transaction. */
  readonly send: <R extends QueryResultRow>(statement: Statement) => Promise<readonly R[]>
  /** For what is seldom needed: ordinary statements of the same transaction, each of which is waited for. */
  readonly join: <T>(work: (tx: Tx) => Promise<T>) => Promise<T>
}

/** Sends the statements of an ordinary transaction, which waits for each. */
export function sendOn(tx: Tx): Pipeline['send'] {
  return async <R extends QueryResultRow>({ text, values }: Statement) => {
    const { rows } = await tx.executeQuery<R>(CompiledQuery.raw(text, [...values]))
    return rows
  }
}

/** What is not waited for before the transaction is committed. */
export interface Ending<T> {
  readonly underWay: Promise<T>
}

export interface PipelineProgress {
  /** The server has answered. */
  begun: boolean
  /** From here on the transaction may have been committed, whatever is heard of it. */
  committing: boolean
}

/** Runs `work` in one transaction on a connection in pipeline mode, and gives the connection back. */
export async function runPipelined<T>(
  client: PoolClient,
  settings: ScopeSettings,
  progress: PipelineProgress,
  work: (pipeline: Pipeline) => Promise<Ending<T>>,
): Promise<T> {
  const sent: Promise<unknown>[] = []
  const track = <P extends Promise<unknown>>(promise: P): P => {
    sent.push(promise)
    // Its failure is reported once everything sent has been answered.
    promise.catch(() => undefined)
    return promise
  }
  const pipeline: Pipeline = {
    send: ({ name, text, values }) =>
      track(client.query({ name, text, values: [...values] }).then(({ rows }) => rows as never)),
    join: (joined) => joinTransaction(client, joined),
  }
  void track(
    client.query(beginStatement(settings)).then(() => {
      progress.begun = true
    }),
  )
  try {
    const { underWay } = await work(pipeline)
    underWay.catch(() => undefined)
    // If a statement on the wire fails, the server answers this with a rollback.
    progress.committing = true
    void track(client.query('commit'))
    await allDone(sent)
    const result = await underWay
    client.release()
    return result
  } catch (error) {
    const failure: unknown = await allDone(sent).then(
      () => error,
      (first: unknown) => first,
    )
    await client.query('rollback').then(
      () => client.release(),
      () => client.release(true),
    )
    throw failure
  }
}

/** Waits for all, then fails with the first failure in the order in which they were sent. */
async function allDone(sent: readonly Promise<unknown>[]): Promise<void> {
  const outcomes = await Promise.allSettled(sent)
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
}

async function joinTransaction<T>(client: PoolClient, work: (tx: Tx) => Promise<T>): Promise<T> {
  const kysely = new Kysely<Tables>({ dialect: new JoiningDialect(client) })
  return kysely.transaction().execute(work)
}

class JoiningDialect extends PostgresDialect {
  readonly #pool: ReturnType<typeof borrowed>

  constructor(client: PoolClient) {
    const pool = borrowed(client)
    super({ pool })
    this.#pool = pool
  }

  override createDriver(): PostgresDriver {
    return new JoiningDriver({ pool: this.#pool })
  }
}

/** Begins and ends nothing: the transaction is that of the pipeline. */
class JoiningDriver extends PostgresDriver {
  override beginTransaction = (): Promise<void> => Promise.resolve()
  override commitTransaction = (): Promise<void> => Promise.resolve()
  override rollbackTransaction = (): Promise<void> => Promise.resolve()
}

function borrowed(client: PoolClient) {
  const connection = { query: client.query.bind(client), release: () => undefined }
  return { connect: () => Promise.resolve(connection), end: () => Promise.resolve(), options: {} }
}
