import { execFile } from 'node:child_process'
import { rm } from 'node:fs/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)

/**
 * Removes a directory that a sandbox could write to. Programs, and overlay mounts too, leave directories there that
 * are closed to their own owner and have to be opened first. Links are not followed.
 */
export async function removeTree(path: string): Promise<void> {
  const options = { recursive: true, force: true, maxRetries: 5 }
  try {
    await rm(path, options)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && (error.code === 'EACCES' || error.code === 'EPERM')))
      throw error
    await run('chmod', ['-R', 'u+rwX', path])
    await rm(path, options)
  }
}
