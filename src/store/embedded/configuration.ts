import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { roles } from '../roles.ts'

/** The superuser that `initdb` makes; used only to create the studio's roles and database. */
export const superuser = 'atelier_admin'
export const databaseName = 'atelier'

export interface ServerConfiguration {
  readonly major: number
  readonly socketDirectory: string
  /** Operating-system account of the studio, the only one that is let in. */
  readonly studioAccount: string
  /** Further settings, which win over the ones below. */
  readonly settings: Readonly<Record<string, string | number>>
}

/**
 * Writes the server's configuration files and returns the arguments that name them. They lie outside the data
 * directory: the server's account may read, but not change them.
 */
export async function writeConfiguration(
  directory: string,
  configuration: ServerConfiguration,
): Promise<string[]> {
  await mkdir(directory, { recursive: true })
  const files = {
    config_file: ['postgresql.conf', settingsFile(configuration)],
    hba_file: ['pg_hba.conf', 'local all all peer map=studio\n'],
    ident_file: ['pg_ident.conf', identFile(configuration.studioAccount)],
  } as const
  await chmod(directory, 0o755)
  const names = Object.entries(files).map(async ([setting, [name, content]]) => {
    const path = join(directory, name)
    await writeFile(path, content)
    await chmod(path, 0o644)
    return ['-c', `${setting}=${path}`]
  })
  return (await Promise.all(names)).flat()
}

function identFile(studioAccount: string): string {
  const account = `"${studioAccount.replaceAll('"', '""')}"`
  return [superuser, ...Object.values(roles)].map((role) => `studio ${account} ${role}\n`).join('')
}

function settingsFile(configuration: ServerConfiguration): string {
  const settings = {
    listen_addresses: '',
    unix_socket_directories: configuration.socketDirectory,
    unix_socket_permissions: '0700',
    max_connections: 100,
    // Everything that was committed survives kill -9 and loss of power.
    fsync: 'on',
    synchronous_commit: 'on',
    full_page_writes: 'on',
    // There is neither replication nor archiving; a backup of the running server needs the log nevertheless.
    wal_level: 'replica',
    max_wal_senders: 0,
    max_replication_slots: 2,
    max_wal_size: '512MB',
    checkpoint_timeout: '15min',
    max_worker_processes: 2,
    max_logical_replication_workers: 0,
    max_parallel_workers: 0,
    max_parallel_workers_per_gather: 0,
    max_parallel_maintenance_workers: 0,
    // /dev/shm is tiny or absent in many containers.
    dynamic_shared_memory_type: 'mmap',
    jit: 'off',
    timezone: 'UTC',
    log_timezone: 'UTC',
    log_checkpoints: 'off',
    // Keeps the content of rows and statements, which belong to tenants, out of the server's log.
    log_error_verbosity: 'terse',
    log_min_error_statement: 'panic',
    ...(configuration.major >= 18 && { io_method: 'sync' }),
    ...configuration.settings,
  }
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${quoted(value)}\n`)
  return ['# Written at every start.\n', ...lines].join('')
}

function quoted(value: string | number): string {
  return typeof value === 'number' ? String(value) : `'${value.replaceAll("'", "''")}'`
}
