import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { AtelierError } from '../../kernel/index.ts'
import { embeddedServerErrors } from '../errors.ts'
import { canEnter, makePrivateDirectory, serverAccount } from './account.ts'
import type { ServerAccount } from './account.ts'

/** Where the parts of one embedded server lie. */
export interface Place {
  readonly account: ServerAccount
  /** Belongs to the account; the studio as root writes nothing in there. */
  readonly cluster: string
  /** Readable by the account. */
  readonly configuration: string
  readonly installations: string
}

/** Leaves the permissions of a directory that was there before as they are: somebody may rely on them. */
export function makeDirectory(directory: string): string {
  const mode = process.getuid?.() === 0 ? 0o711 : 0o700
  try {
    if (mkdirSync(directory, { recursive: true, mode }) !== undefined) chmodSync(directory, mode)
    return directory
  } catch (error) {
    throw asStartFailure(error)
  }
}

/**
 * Root's server runs as an account that may not enter directories such as /root. Then the database lies under
 * /var/lib/atelier-postgresql, named by the id of the directory that was asked for, which keeps a note of it.
 */
export function choosePlace(
  directory: string,
  directoryId: string,
  requested: { readonly uid: number; readonly gid: number } | undefined,
): Place {
  const account = serverAccount(requested)
  let root = directory
  let installations = join(directory, 'programs')
  // Once it lies elsewhere it stays there, whatever becomes of the permissions.
  if (existsSync(join(directory, 'location')) || !canEnter(account, directory)) {
    root = join('/var/lib/atelier-postgresql', directoryId)
    installations = '/var/lib/atelier-postgresql/programs'
    mkdirSync(root, { recursive: true, mode: 0o711 })
    for (const path of ['/var/lib/atelier-postgresql', root]) chmodSync(path, 0o711)
    writeFileSync(join(directory, 'location'), `${root}\n`)
  }
  const cluster = join(root, 'cluster')
  makePrivateDirectory(account, cluster)
  return { account, cluster, configuration: join(root, 'configuration'), installations }
}

/** What kept a server from being placed or started, as an error that says what to do. */
export function asStartFailure(error: unknown): AtelierError {
  if (error instanceof AtelierError) return error
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'ENOSPC') return embeddedServerErrors.NO_SPACE({ detail: message, cause: error })
  if (['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST'].includes(code ?? ''))
    return embeddedServerErrors.UNREACHABLE({ detail: message, cause: error })
  return embeddedServerErrors.START_FAILED({ detail: message, cause: error })
}
