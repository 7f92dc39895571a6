import { existsSync } from 'node:fs'
import path from 'node:path'
import { continueEventOrder } from '../api/index.ts'
import type { MoveProgress, MoveSummary } from '../cli/index.ts'
import { durableLibrary } from '../engine/index.ts'
import { createAuditLog, createCheckpointFile, openSigningKey } from '../governance/audit/index.ts'
import { seededIdentities, tenantScope } from '../governance/index.ts'
import { type Logger, systemClock, type TenantId } from '../kernel/index.ts'
import {
  connect,
  type Database,
  migrate,
  moveRows,
  moveSessions,
  refuseOtherSchema,
  refuseStrangers,
  startEmbeddedServer,
} from '../store/index.ts'
import type { Configuration } from './configuration.ts'
import { makeDataDirectory } from './data-directory.ts'
import { hostErrors } from './errors.ts'
import { createFileLogger } from './logger.ts'
import { verifyRecords } from './records.ts'
import { allMigrations } from './schema.ts'

export interface Move {
  /** Address of a server's database; undefined for the embedded one. */
  readonly to: string | undefined
  readonly signal: AbortSignal
  readonly onProgress: (progress: MoveProgress) => void
}

/**
 * Moves what the database has to another one: from the embedded server to one of the operator's, back, or between two of
 * these. The one it comes from stays as it is, and what lies beside it in the data directory stays where it is.
 * @throws ATL_HOST_MOVE_SAME, ATL_EMBEDDED_IN_USE, and errors of STORE, of which those of moving begin with MOVE.
 */
export async function moveDatabase(
  configuration: Configuration,
  { to, signal, onProgress }: Move,
): Promise<MoveSummary> {
  const { dataDirectory, databaseUrl: from } = configuration
  if (from === to) throw hostErrors.MOVE_SAME()
  if (from === undefined && !existsSync(embeddedDirectory(configuration)))
    throw hostErrors.MOVE_NOTHING({ detail: dataDirectory })
  const begun = performance.now()
  const closers: (() => Promise<void>)[] = []
  try {
    makeDataDirectory(dataDirectory)
    const logger = createFileLogger(dataDirectory)
    const source = await openEnd(configuration, from, { logger, closers })
    await refuseOtherSchema(source, allMigrations)
    const target = await openEnd(configuration, to, { logger, closers })
    await refuseStrangers(target)
    await migrate(target, allMigrations)
    const moved = await moveRows(source, target, {
      libraries: [durableLibrary],
      signal,
      onProgress,
      carryOver: continueEventOrder,
    })
    return {
      from: nameOf(from),
      to: nameOf(to),
      tables: moved.map(({ table, rows }) => ({ table, rows })),
      seconds: (performance.now() - begun) / 1000,
      audit: await verifyTenants(configuration, target),
      dataDirectory,
    }
  } finally {
    for (const closer of closers.splice(0).reverse()) await closer()
  }
}

/** How long a server may not answer before nothing is moved. */
const patienceMs = 3000

async function openEnd(
  configuration: Configuration,
  url: string | undefined,
  { logger, closers }: { readonly logger: Logger; readonly closers: (() => Promise<void>)[] },
): Promise<Database> {
  const options = { logger, name: moveSessions, patienceMs }
  if (url !== undefined) {
    const database = await connect({ owner: url }, options)
    closers.push(() => database.close())
    return database
  }
  // No other process may join: what it wrote would be missed, or stand in the way.
  const server = await startEmbeddedServer({
    directory: embeddedDirectory(configuration),
    shared: false,
    logger,
  })
  closers.push(() => server.stop())
  const database = await connect(server.target, options)
  closers.push(() => database.close())
  return database
}

function embeddedDirectory({ dataDirectory }: Configuration): string {
  return path.join(dataDirectory, 'postgresql')
}

/** Follows the audit chains and ledgers of all tenants, with the checkpoints that lie outside of the database. */
async function verifyTenants(
  { dataDirectory }: Configuration,
  database: Database,
): Promise<MoveSummary['audit']> {
  const audit = createAuditLog({
    database,
    clock: systemClock,
    key: await openSigningKey(path.join(dataDirectory, 'keys')),
    checkpoints: createCheckpointFile(path.join(dataDirectory, 'audit-checkpoints.jsonl')),
    osUid: process.getuid?.() ?? null,
  })
  const tenants = await database.transaction({ kind: 'system' }, (tx) =>
    tx.selectFrom('tenants').select('id').orderBy('id').execute(),
  )
  let records = 0
  const problems: string[] = []
  for (const { id } of tenants) {
    const scope = tenantScope(id as TenantId, seededIdentities.owner)
    const report = await verifyRecords({ audit, database }, scope)
    records += report.records
    problems.push(
      ...report.problems.map(({ sequence, message }) => `tenant ${id}, record ${sequence}: ${message}`),
    )
  }
  return { ok: problems.length === 0, records, problems }
}

/** The address without its password. */
function nameOf(url: string | undefined): string | null {
  if (url === undefined) return null
  const address = new URL(url)
  if (address.password !== '') address.password = '***'
  if (address.searchParams.has('password')) address.searchParams.set('password', '***')
  return address.href
}
