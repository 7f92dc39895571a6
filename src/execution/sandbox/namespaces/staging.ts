import { execFile } from 'node:child_process'
import { mkdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { sandboxErrors } from '../errors.ts'
import type { Runtime } from './runtime.ts'

const run = promisify(execFile)

/** A directory or file of the host that a sandbox may read. */
export interface Source {
  readonly path: string
  /** Whether its files must count as the sandbox user's own, so that the overlay lets it change its copies of them. */
  readonly isLayer: boolean
}

/** How to start a program as the sandbox user and where it then finds the sources, in the order given. */
export interface Staging {
  readonly prefix: readonly string[]
  readonly places: readonly string[]
}

/**
 * - `direct`: an ordinary user's sandboxes run as that user and see what it sees.
 * - `mapped`: root's sandboxes find sources in a private mount namespace, past private parent directories, with
 *   their owner mapped to the sandbox user (`stage.pl`).
 * - `copied`: the same where the file system cannot map owners; layers are copied and the copies given away.
 * - `bare`: root without Perl; copies, and nothing that lies below a private directory.
 */
export type StagingMethod = 'direct' | 'mapped' | 'copied' | 'bare'

/** The methods to try, best first. */
export function stagingMethods({ identity, programs }: Runtime): readonly StagingMethod[] {
  if (!identity.isRoot) return ['direct']
  return programs.perl === null ? ['bare'] : ['mapped', 'copied']
}

/** Exit status of `stage.pl` when the system refused something. */
export const stagingFailed = 70

/** A directory of every system over which sources are staged, inside the private mount namespace only. */
const stagePlace = '/mnt'
const stageScript = join(import.meta.dirname, 'stage.pl')

/**
 * Prepares that a program run as the sandbox user can read the sources. `directory` takes the stage and copies.
 *
 * @throws ATL_SANDBOX_LAYER_MISSING
 */
export async function planStaging(
  runtime: Runtime,
  method: StagingMethod,
  directory: string,
  sources: readonly Source[],
): Promise<Staging> {
  const { identity, programs } = runtime
  const owners = await Promise.all(sources.map(({ path }) => ownerOf(path)))
  const wanted = `${identity.uid}:${identity.gid}`
  const isForeign = (index: number): boolean =>
    sources[index]?.isLayer === true && owners[index]?.account !== wanted
  const isClosed = (index: number): boolean => owners[index]?.readable === false
  const paths = await Promise.all(
    sources.map(async ({ path }, index) =>
      (method === 'copied' || method === 'bare') && isForeign(index)
        ? copyOwned(path, join(directory, `copy-${index}`), wanted)
        : path,
    ),
  )
  if (method === 'direct') return { prefix: [], places: paths }
  if (method === 'bare') {
    const become = [
      `--reuid=${identity.uid}`,
      `--regid=${identity.gid}`,
      '--clear-groups',
      '--inh-caps=-all',
      '--',
    ]
    return { prefix: [programs.setpriv, ...become], places: paths }
  }
  const stage = join(directory, `stage-${method}`)
  await mkdir(stage, { mode: 0o755 })
  const mounts = paths.flatMap((path, index) => [
    method === 'mapped' && (isForeign(index) || isClosed(index)) ? (owners[index]?.account ?? '-') : '-',
    path,
  ])
  const unshare = [programs.unshare, '--mount', '--propagation', 'private', '--']
  const script = [
    programs.perl ?? 'perl',
    stageScript,
    String(identity.uid),
    String(identity.gid),
    stage,
    stagePlace,
  ]
  return {
    prefix: [...unshare, ...script, ...mounts, '--'],
    places: paths.map((_path, index) => `${stagePlace}/${index}`),
  }
}

/** Under a strict umask, what the studio itself consists of can be read by its owner only. */
async function ownerOf(path: string): Promise<{ readonly account: string; readonly readable: boolean }> {
  try {
    const { uid, gid, mode } = await stat(path)
    return { account: `${uid}:${gid}`, readable: (mode & 0o004) !== 0 }
  } catch (error) {
    throw sandboxErrors.LAYER_MISSING({ detail: path, cause: error })
  }
}

async function copyOwned(source: string, target: string, owner: string): Promise<string> {
  await run('cp', ['-a', '--reflink=auto', source, target])
  await run('chown', ['-hR', owner, target])
  return target
}
