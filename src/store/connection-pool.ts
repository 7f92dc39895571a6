import { setTimeout as delay } from 'node:timers/promises'
import { Pool, types } from 'pg'
import type { CustomTypesConfig, PoolClient, PoolConfig } from 'pg'
import type { Logger } from '../kernel/index.ts'
import { AtelierError } from '../kernel/index.ts'
import { storeErrors } from './errors.ts'
import { translateFailure } from './failures.ts'

/** What the studio's processes call themselves at the server. */
export const studioSessions = 'atelier'

/**
 * A pool that survives its server. Without listeners for errors a killed server would end the process, because both
 * idle and borrowed connections report it as an event.
 */
export function createPool(
  url: string,
  size: number,
  logger: Logger,
  particulars: Pick<PoolConfig, 'types' | 'pipeline' | 'application_name'> = {},
): Pool {
  const pool = new Pool({
    connectionString: url,
    max: size,
    connectionTimeoutMillis: 10_000,
    idleTimeoutMillis: 60_000,
    keepAlive: true,
    application_name: studioSessions,
    ...particulars,
    // Over a Unix socket PGSSLMODE in the environment must not ask for encryption.
    ...(url.includes('host=%2F') && { ssl: false }),
  })
  const onError = (error: Error): void =>
    logger.log('debug', { error: error.message }, 'a database connection was lost')
  pool.on('error', onError)
  pool.on('connect', (client) => client.on('error', onError))
  return pool
}

/** 64-bit integers are read as numbers; one that a number cannot hold is an error and not silently rounded. */
export const integersAsNumbers: CustomTypesConfig = {
  getTypeParser: (oid, format) =>
    isBigint(oid) ? parseInteger : (types.getTypeParser(oid, format) as (text: string) => unknown),
}

const bigintOid: number = types.builtins.INT8

function isBigint(oid: number): boolean {
  return oid === bigintOid
}

function parseInteger(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value)) throw new RangeError(`${text} is outside the range of safe integers`)
  return value
}

/**
 * Borrows a connection. As nothing has been done yet, it tries again while the server is away (restarting after a
 * crash, failing over), for `patienceMs`.
 * @throws ATL_STORE_UNAVAILABLE when the server does not come back in that time; ATL_STORE_BUSY when others use all connections.
 */
export async function borrow(pool: Pool, patienceMs: number): Promise<PoolClient> {
  const deadline = Date.now() + patienceMs
  for (let pauseMs = 25; ; pauseMs = Math.min(pauseMs * 2, 500)) {
    try {
      return await pool.connect()
    } catch (cause) {
      const failure = translateFailure(cause)
      const unavailable = failure instanceof AtelierError && failure.code === storeErrors.UNAVAILABLE.code
      if (!unavailable || pool.ended || Date.now() + pauseMs > deadline) throw failure
      await delay(pauseMs)
    }
  }
}
