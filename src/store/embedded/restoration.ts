import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { lchown, readdir, rename, rm } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { embeddedServerErrors } from '../errors.ts'
import { copyFolder, makeDurable } from '../file-copy.ts'
import type { CopiedFile } from '../file-copy.ts'
import type { ServerAccount } from './account.ts'
import { dataDirectory } from './cluster.ts'
import { lockDataDirectory } from './lock.ts'
import { asStartFailure, choosePlace, makeDirectory } from './place.ts'

/**
 * Puts a copy that {@link copyRunningDatabase} made where an embedded server over `directory` finds it. The copy is
 * made beside its place and moved there when it is complete and `check` did not refuse it.
 *
 * @param check throws when the files that were read are not those that were backed up.
 * @throws ATL_EMBEDDED_OCCUPIED when there is a database already, and other errors of EMBEDDED.
 */
export async function restoreDatabase(
  source: string,
  directory: string,
  check: (files: readonly CopiedFile[]) => void,
): Promise<void> {
  const home = makeDirectory(resolve(directory))
  const lock = await lockDataDirectory(home)
  try {
    const { account, cluster } = choosePlace(home, lock.directoryId, undefined)
    const destination = dataDirectory(cluster)
    if (existsSync(destination)) throw embeddedServerErrors.OCCUPIED({ detail: destination })
    // Not within the cluster's folder: root writes nothing where the server's account could put links.
    const partial = join(dirname(cluster), `restoring-${randomBytes(6).toString('hex')}`)
    try {
      check(await copyFolder(source, partial))
      await giveTo(account, partial)
      await makeDurable(partial)
      await rename(partial, destination)
    } catch (error) {
      await rm(partial, { recursive: true, force: true })
      throw error
    }
  } catch (error) {
    throw asStartFailure(error)
  } finally {
    await lock.release()
  }
}

async function giveTo(account: ServerAccount, folder: string): Promise<void> {
  if (!account.stepDown) return
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true }))
    await lchown(join(entry.parentPath, entry.name), account.uid, account.gid)
  await lchown(folder, account.uid, account.gid)
}
