import { readFileSync } from 'node:fs'

/** As whom the studio runs, and as whom sandboxes run on the host. */
export interface Identity {
  /** Whether the studio is real root and sandboxes therefore run as somebody else. */
  readonly isRoot: boolean
  readonly uid: number
  readonly gid: number
}

/**
 * The user that sandboxes run as when the studio is root. It has no name, no files and no other processes: the number
 * lies in a range (60706–61183) that neither Debian nor systemd ever assigns.
 */
const sandboxUser = 61_000
/** For root of a user namespace that maps fewer users: `nobody`. */
const nobody = 65_534

/**
 * A sandbox never runs as real uid 0: from there even a namespace without capabilities could rewrite kernel settings
 * such as `/proc/sys/kernel/core_pattern`.
 */
export function identify(): Identity {
  const uid = process.getuid?.() ?? -1
  const gid = process.getgid?.() ?? -1
  if (uid !== 0) return { isRoot: false, uid, gid }
  const chosen = isMapped(sandboxUser) ? sandboxUser : nobody
  return { isRoot: true, uid: chosen, gid: chosen }
}

function isMapped(id: number): boolean {
  try {
    return readFileSync('/proc/self/uid_map', 'latin1')
      .trim()
      .split('\n')
      .map((line) => line.trim().split(/\s+/).map(Number))
      .some(([first = 0, , count = 0]) => id >= first && id < first + count)
  } catch {
    return true
  }
}
