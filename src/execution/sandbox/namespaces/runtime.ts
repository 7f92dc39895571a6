import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { randomBytes } from 'node:crypto'
import { dirname, join } from 'node:path'
import { forwarderScript } from '../egress/index.ts'
import { sandboxErrors } from '../errors.ts'
import { inheritedDescriptors } from './host-processes.ts'
import { identify, type Identity } from './identity.ts'
import { findPrograms, type Programs } from './programs.ts'
import { filterForThisMachine } from './seccomp/index.ts'
import { systemDirectories, systemFiles } from './system-files.ts'

/** What all sandboxes of one host share. */
export interface Runtime {
  readonly programs: Programs
  readonly identity: Identity
  /** Directory with the files that are bound into sandboxes: synthetic `/etc` files and the egress forwarder. */
  readonly directory: string
  /** File with the system call filter. */
  readonly filter: string
  /** Content of `holder.sh`. */
  readonly holderScript: string
  /** Files of procfs that sandboxes do not see; the others of that list do not exist on this kernel. */
  readonly maskedFiles: readonly string[]
  /** Descriptors that commands would inherit, see {@link inheritedDescriptors}. */
  readonly inherited: readonly number[]
}

/** Files of procfs that tell about the host and that everybody may read. */
const maskedFiles = ['cmdline', 'kallsyms', 'key-users', 'keys', 'modules', 'sched_debug', 'timer_list'].map(
  (name) => `/proc/${name}`,
)

/**
 * Finds the programs and writes the files that sandboxes need.
 *
 * @throws ATL_SANDBOX_NO_NAMESPACES if a program is missing or there is no filter for this instruction set
 */
export async function prepareRuntime(stateDirectory: string): Promise<Runtime> {
  const programs = findPrograms()
  if ('missing' in programs)
    throw sandboxErrors.NO_NAMESPACES({ detail: `${programs.missing.join(' and ')} must be installed` })
  const filter = filterForThisMachine()
  if (filter === null)
    throw sandboxErrors.NO_NAMESPACES({ detail: `there is no system call filter for ${process.arch}` })
  const directory = join(stateDirectory, 'runtime')
  for (const name of systemDirectories()) await openDirectory(directory, join('etc', name))
  for (const [name, content] of await systemFiles()) {
    await openDirectory(directory, dirname(join('etc', name)))
    await place(join(directory, 'etc', name), content)
  }
  // Copied, because the studio's own directory may be closed to the user that sandboxes run as.
  await place(join(directory, 'forwarder.mts'), await readFile(forwarderScript))
  await place(join(directory, 'filter.bpf'), filter)
  return {
    programs: programs.found,
    identity: identify(),
    directory,
    filter: join(directory, 'filter.bpf'),
    maskedFiles: maskedFiles.filter((path) => existsSync(path)),
    inherited: inheritedDescriptors(),
    holderScript: await readFile(join(import.meta.dirname, 'holder.sh'), 'utf8'),
  }
}

/** Makes a directory below `parent` and opens it, and what is between, for every user. */
async function openDirectory(parent: string, path: string): Promise<void> {
  await mkdir(join(parent, path), { recursive: true })
  for (let at = path; at !== '.'; at = dirname(at)) await chmod(join(parent, at), 0o755)
  await chmod(parent, 0o755)
}

/** Writes a file that every user may read, in one step, because another studio may be using the same directory. */
async function place(path: string, content: string | Uint8Array): Promise<void> {
  const unfinished = `${path}.${randomBytes(6).toString('hex')}`
  await writeFile(unfinished, content)
  await chmod(unfinished, 0o644)
  await rename(unfinished, path)
}
