import { execFile } from 'node:child_process'
import type { ExecFileOptions } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { open, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { embeddedServerErrors } from '../errors.ts'
import { spawnIdentity } from './account.ts'
import type { ServerAccount } from './account.ts'
import { superuser } from './configuration.ts'
import { serverEnvironment } from './installation.ts'
import type { Installation } from './installation.ts'

const execute = promisify(execFile)

export function dataDirectory(clusterDirectory: string): string {
  return join(clusterDirectory, 'data')
}

/**
 * Makes sure that `cluster/data` is a database of this major version, creating it at the first start. Creation takes
 * place beside it and ends with a rename, so that an interrupted one leaves nothing that looks complete.
 * @param onWaiting told once other processes are at work.
 */
export async function ensureCluster(
  installation: Installation,
  account: ServerAccount,
  clusterDirectory: string,
  onWaiting?: () => void,
): Promise<void> {
  const data = dataDirectory(clusterDirectory)
  if (!existsSync(data)) return createCluster(installation, account, clusterDirectory, onWaiting)
  const found = readVersion(data)
  if (found === undefined) throw embeddedServerErrors.INVALID({ detail: data })
  if (found !== installation.majorVersion)
    throw embeddedServerErrors.VERSION_MISMATCH({
      detail: `${data} is of version ${found}, the server of version ${installation.majorVersion}`,
      details: { found, expected: installation.majorVersion },
    })
}

function readVersion(data: string): number | undefined {
  try {
    if (!existsSync(join(data, 'global', 'pg_control'))) return undefined
    const version = readFileSync(join(data, 'PG_VERSION'), 'utf8').trim()
    return /^\d+$/.test(version) ? Number(version) : undefined
  } catch {
    return undefined
  }
}

async function createCluster(
  installation: Installation,
  account: ServerAccount,
  clusterDirectory: string,
  onWaiting?: () => void,
): Promise<void> {
  const partial = join(clusterDirectory, `partial-${randomBytes(6).toString('hex')}`)
  const initdb = join(installation.binDirectory, 'initdb')
  const options = { env: serverEnvironment, cwd: '/', ...spawnIdentity(account) }
  try {
    await removeInterrupted(clusterDirectory, options)
    // One process for both, so that nothing waits for this one, which may be busy meanwhile.
    const both = '"$0" "$@" && exec "$0" "$1" "$2" --sync-only'
    const create = [initdb, '--pgdata', partial, ...creationOptions(installation.majorVersion)]
    const created = execute('/bin/sh', ['-c', both, ...create], options)
    onWaiting?.()
    await created
  } catch (cause) {
    throw creationFailure(cause)
  }
  await rename(partial, dataDirectory(clusterDirectory))
  const directory = await open(clusterDirectory)
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}

/**
 * Removes what interrupted creations left, as the account: root must not follow what the account could have put
 * there. An `initdb` that outlived its studio may still be writing; then the rest goes at the next start.
 */
async function removeInterrupted(clusterDirectory: string, options: ExecFileOptions): Promise<void> {
  const left = readdirSync(clusterDirectory).filter((name) => name.startsWith('partial-'))
  const paths = left.map((name) => join(clusterDirectory, name))
  if (paths.length > 0) await execute('/bin/rm', ['-rf', ...paths], options).catch(() => undefined)
}

/** Nothing is synchronised while `initdb` writes; one pass afterwards is several times faster. */
function creationOptions(major: number): string[] {
  const locale = major >= 17 ? ['--locale-provider=builtin', '--builtin-locale=C.UTF-8'] : []
  return [
    `--username=${superuser}`,
    '--auth=peer',
    '--encoding=UTF8',
    '--no-locale',
    ...locale,
    '--no-sync',
    '--no-instructions',
  ]
}

function creationFailure(cause: unknown): Error {
  const { stderr = '', code } = cause as { stderr?: string; code?: unknown }
  if (/no space left on device/i.test(stderr)) return embeddedServerErrors.NO_SPACE({ cause })
  if (/could not look up effective user/i.test(stderr)) return embeddedServerErrors.NO_ACCOUNT({ cause })
  if (code === 'EPERM') return embeddedServerErrors.NO_ACCOUNT({ detail: 'may not change user', cause })
  const detail = stderr.trim().split('\n').slice(-3).join(' ') || String(cause)
  return embeddedServerErrors.START_FAILED({ detail, cause })
}
