import { lchownSync, lstatSync, mkdirSync, statSync } from 'node:fs'
import { userInfo } from 'node:os'
import type { UserInfo } from 'node:os'
import { dirname } from 'node:path'
import { embeddedServerErrors } from '../errors.ts'

/** The operating-system account the server runs as. PostgreSQL refuses to run as root. */
export interface ServerAccount {
  readonly uid: number
  readonly gid: number
  /** Whether the studio is root and has to step down to this account. */
  readonly stepDown: boolean
}

/** `nobody` and `nogroup`, the same on every Linux distribution. */
const nobody = 65_534

/** The given account, or `nobody` for root and the user's own account for everybody else. */
export function serverAccount(requested?: { readonly uid: number; readonly gid: number }): ServerAccount {
  const { uid, gid } = userInfoOrRefuse()
  if (uid !== 0) return { uid, gid, stepDown: false }
  return { uid: requested?.uid ?? nobody, gid: requested?.gid ?? nobody, stepDown: true }
}

/** Name of the account that the studio itself runs as; the server's peer authentication lets only this one in. */
export function studioAccountName(): string {
  return userInfoOrRefuse().username
}

function userInfoOrRefuse(): UserInfo<string> {
  try {
    return userInfo()
  } catch (cause) {
    throw embeddedServerErrors.NO_ACCOUNT({ cause })
  }
}

/** Options for `spawn` that make the child run as the account. */
export function spawnIdentity(account: ServerAccount): { uid?: number; gid?: number } {
  return account.stepDown ? { uid: account.uid, gid: account.gid } : {}
}

/** Whether the account may reach what lies in `directory`. Access control lists are not looked at. */
export function canEnter(account: ServerAccount, directory: string): boolean {
  return !account.stepDown || withAncestors(directory).every((path) => permits(account, path, 0o1))
}

/** Whether the account may also list `directory`. */
export function canRead(account: ServerAccount, directory: string): boolean {
  return canEnter(account, directory) && (!account.stepDown || permits(account, directory, 0o4))
}

function withAncestors(path: string): string[] {
  const parent = dirname(path)
  return parent === path ? [path] : [...withAncestors(parent), path]
}

function permits(account: ServerAccount, path: string, wanted: number): boolean {
  const { uid, gid, mode } = statSync(path)
  const shift = uid === account.uid ? 6 : gid === account.gid ? 3 : 0
  return ((mode >> shift) & wanted) === wanted
}

/**
 * Makes a directory that only the account may enter, in a place where nobody else may put one. A link or a directory of
 * another user that stands there is refused: root must neither follow it nor give it away.
 * @throws ATL_EMBEDDED_UNREACHABLE
 */
export function makePrivateDirectory(account: ServerAccount, path: string): void {
  if (mkdirSync(path, { recursive: true, mode: 0o700 }) !== undefined && account.stepDown)
    lchownSync(path, account.uid, account.gid)
  const found = lstatSync(path)
  if (!found.isDirectory()) throw embeddedServerErrors.UNREACHABLE({ detail: `${path} is not a directory` })
  if (found.uid !== account.uid)
    throw embeddedServerErrors.UNREACHABLE({
      detail: `${path} belongs to user ${found.uid}; start the studio as that user, as it was before`,
    })
}
