import { join } from 'node:path'
import { Client } from 'pg'
import { z } from 'zod'
import { translateFailure } from '../failures.ts'
import { copyFolder, createFile } from '../file-copy.ts'
import type { CopiedFile } from '../file-copy.ts'
import type { DatabaseTarget } from '../target.ts'
import { superuser } from './configuration.ts'

/** What a server makes anew when it starts, and what belongs to the running one alone. */
const remade = [
  /^postmaster\.(?:pid|opts)$/,
  /^(?:pg_wal|pg_replslot|pg_dynshmem|pg_notify|pg_serial|pg_snapshots|pg_stat_tmp|pg_subtrans)\/./,
  /(?:^|\/)pgsql_tmp/,
  /(?:^|\/)pg_internal\.init/,
  /^(?:backup_label|tablespace_map)(?:\.old)?$/,
]

const startedSchema = z.tuple([z.object({ first: z.string(), directory: z.string() })])
const stoppedSchema = z.tuple([z.object({ last: z.string(), label: z.string() })])

/**
 * Copies the database of a running embedded server while it works, as "Making a base backup using the low-level API" in
 * PostgreSQL's manual describes: files as they are found, and the log that makes them consistent. What was committed
 * before the call is in the copy.
 *
 * @param destination a folder that does not exist yet.
 * @returns the files copied, by their path below `destination`.
 * @throws ATL_STORE_UNAVAILABLE when the server ends meanwhile; what was copied is of no use then.
 */
export async function copyRunningDatabase(
  target: DatabaseTarget,
  destination: string,
): Promise<CopiedFile[]> {
  const client = new Client({ connectionString: superuserAddress(target), ssl: false })
  client.on('error', () => undefined)
  try {
    await client.connect()
    // Keeps the log from being recycled for as long as this connection lasts.
    await client.query(`select pg_create_physical_replication_slot($1, true, true)`, [
      `backup_${process.pid}`,
    ])
    const [{ first, directory }] = startedSchema.parse(
      (
        await client.query(
          `select pg_walfile_name(pg_backup_start('atelier', true)) as first,
                  current_setting('data_directory') as directory`,
        )
      ).rows,
    )
    const files = await copyFolder(directory, destination, (path) => remade.some((rule) => rule.test(path)))
    const [{ last, label }] = stoppedSchema.parse(
      (
        await client.query(
          `select pg_walfile_name(lsn) as last, labelfile as label from pg_backup_stop(false)`,
        )
      ).rows,
    )
    const log = await copyLog(directory, destination, { first, last })
    const path = 'backup_label'
    return [...files, ...log, { path, ...(await createFile(join(destination, path), label)) }]
  } catch (error) {
    throw translateFailure(error)
  } finally {
    await client.end().catch(() => undefined)
  }
}

/** Names of log files sort by their place in the log; those of one timeline have 24 hexadecimal digits. */
async function copyLog(
  directory: string,
  destination: string,
  { first, last }: { readonly first: string; readonly last: string },
): Promise<CopiedFile[]> {
  const outside = (path: string): boolean => !/^[0-9A-F]{24}$/.test(path) || path < first || path > last
  const files = await copyFolder(join(directory, 'pg_wal'), join(destination, 'pg_wal'), outside)
  return files.map((file) => ({ ...file, path: `pg_wal/${file.path}` }))
}

function superuserAddress({ owner }: DatabaseTarget): string {
  const address = new URL(owner)
  address.username = superuser
  address.pathname = '/postgres'
  return address.href
}
