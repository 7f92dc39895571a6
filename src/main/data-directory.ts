import { chmodSync, mkdirSync, statfsSync } from 'node:fs'
import { hostErrors } from './errors.ts'

/** Bytes without which a database server cannot even write down that it stops. */
const leastDisk = 64 * 2 ** 20

/**
 * Others may pass through, since database and sandboxes run as an account of their own under root, but not look around.
 * @throws ATL_HOST_DISK_FULL
 */
export function makeDataDirectory(directory: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o711 })
  if (process.getuid?.() === 0) {
    chmodSync(directory, 0o711)
    // What these accounts read is readable whatever root's umask says; what is private carries a mode of its own.
    process.umask(0o022)
  }
  const { bavail, bsize } = statfsSync(directory)
  if (bavail * bsize >= leastDisk) return
  const free = Math.floor((bavail * bsize) / 2 ** 20)
  throw hostErrors.DISK_FULL({
    detail: `${free} MiB are free in ${directory}, ${leastDisk / 2 ** 20} are needed`,
  })
}
