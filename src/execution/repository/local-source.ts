import { lstat, mkdir, opendir, readFile, realpath, symlink, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { repositoryErrors } from './errors.ts'
import { hostAttributes, hostConfiguration, type ObjectFormat } from './git-directory.ts'
import type { Git } from './git-process.ts'
import { isObjectId, isRefName } from './ref-name.ts'

/** A repository on this machine, found by reading files: its own configuration is parsed, never obeyed. */
export interface LocalSource {
  /** The working tree, or undefined for a bare repository. */
  readonly workTree: string | undefined
  /** Holds HEAD and the index of this working tree. */
  readonly gitDirectory: string
  /** Holds objects and refs; differs from `gitDirectory` in a linked working tree. */
  readonly commonDirectory: string
  readonly objectFormat: ObjectFormat
  /** `core.sharedRepository`, if it has one of git's plain values. */
  readonly sharedRepository: string | undefined
}

const maxRefs = 200_000
const maxMetadataBytes = 64 * 1024 * 1024

/**
 * Finds the git directory of `path` without running anything there. Everything that could make a read leave the
 * repository is refused: a symbolic `.git`, symbolic `objects` or `refs`, alternates, and a `.git` file that points
 * at a repository which does not point back.
 */
export async function findLocalSource(git: Git, path: string): Promise<LocalSource> {
  const found = await findGitDirectory(path)
  if (found === undefined) throw await notFound(path)
  const { commonDirectory } = found
  for (const name of ['objects', 'refs', 'objects/pack', 'objects/info', 'refs/heads'] as const) {
    const kind = await kindOf(join(commonDirectory, name))
    const optional = name.includes('/')
    if (kind !== 'directory' && !(optional && kind === 'absent')) {
      throw repositoryErrors.UNSAFE_SOURCE({ detail: `${name} in ${commonDirectory} is not a directory` })
    }
  }
  for (const name of ['objects/info/alternates', 'objects/info/http-alternates']) {
    if ((await kindOf(join(commonDirectory, name))) !== 'absent') {
      throw repositoryErrors.UNSAFE_SOURCE({ detail: `it borrows objects from elsewhere (${name})` })
    }
  }
  const configuration = await readConfiguration(git, join(commonDirectory, 'config'))
  const refStorage = configuration.get('extensions.refstorage') ?? 'files'
  if (refStorage !== 'files')
    throw repositoryErrors.UNSUPPORTED({ detail: `refs are stored as ${refStorage}` })
  if (configuration.has('extensions.partialclone')) {
    throw repositoryErrors.UNSUPPORTED({ detail: 'it is a partial clone, which lacks objects' })
  }
  const shared = configuration.get('core.sharedrepository')
  return {
    ...found,
    objectFormat: configuration.get('extensions.objectformat') === 'sha256' ? 'sha256' : 'sha1',
    sharedRepository:
      shared !== undefined && /^(?:group|all|world|everybody|true|0[0-7]{3})$/.test(shared)
        ? shared
        : undefined,
  }
}

/**
 * Builds, at `target`, a git directory that shows the source's objects and refs with the studio's configuration:
 * git reads from this stand-in and never opens a file of the source besides its objects.
 *
 * @param extraRefs refs to add, by name, for example for a commit that no branch reaches.
 */
export async function buildStandIn(
  source: LocalSource,
  target: string,
  extraRefs: ReadonlyMap<string, string>,
): Promise<void> {
  await mkdir(join(target, 'refs'), { recursive: true })
  await mkdir(join(target, 'info'))
  await writeFile(join(target, 'config'), hostConfiguration(source.objectFormat))
  await writeFile(join(target, 'info', 'attributes'), hostAttributes)
  await symlink(join(source.commonDirectory, 'objects'), join(target, 'objects'))
  const refs = await readRefs(source)
  const lines = [...refs, ...extraRefs].map(([name, id]) => `${id} ${name}\n`)
  await writeFile(join(target, 'packed-refs'), lines.join(''))
  await writeFile(join(target, 'HEAD'), await readHead(source))
  const shallow = await readSmall(join(source.commonDirectory, 'shallow'))
  if (shallow !== undefined) await writeFile(join(target, 'shallow'), shallow)
}

/** `ref: refs/heads/…` or an object id, with a line break. */
export async function readHead(source: LocalSource): Promise<string> {
  const text = (await readSmall(join(source.gitDirectory, 'HEAD')))?.trim() ?? ''
  if (isObjectId(text)) return `${text}\n`
  const branch = /^ref:\s*(refs\/\S+)$/.exec(text)?.[1]
  if (branch === undefined || !isRefName(branch)) {
    throw repositoryErrors.CORRUPTED({
      detail: `HEAD of ${source.gitDirectory} names neither a branch nor a commit`,
    })
  }
  return `ref: ${branch}\n`
}

/** Branches, tags and remote-tracking branches with their object ids. Symbolic refs and odd names are left out. */
async function readRefs(source: LocalSource): Promise<ReadonlyMap<string, string>> {
  const refs = new Map<string, string>()
  const keep = (name: string, id: string): void => {
    if (!/^refs\/(?:heads|tags|remotes)\//.test(name) || !isRefName(name) || !isObjectId(id)) return
    refs.set(name, id)
    if (refs.size > maxRefs) throw repositoryErrors.TOO_LARGE({ detail: `more than ${maxRefs} refs` })
  }
  const packed = (await readSmall(join(source.commonDirectory, 'packed-refs'))) ?? ''
  for (const line of packed.split('\n')) {
    const space = line.indexOf(' ')
    if (space > 0 && !line.startsWith('#')) keep(line.slice(space + 1), line.slice(0, space))
  }
  for (const group of ['refs/heads', 'refs/tags', 'refs/remotes']) {
    for await (const name of looseRefs(source.commonDirectory, group, 0)) {
      keep(name, ((await readSmall(join(source.commonDirectory, name))) ?? '').trim())
    }
  }
  return refs
}

async function* looseRefs(root: string, folder: string, depth: number): AsyncGenerator<string> {
  if (depth > 64 || (await kindOf(join(root, folder))) !== 'directory') return
  for await (const entry of await opendir(join(root, folder))) {
    const name = `${folder}/${entry.name}`
    if (entry.isDirectory()) yield* looseRefs(root, name, depth + 1)
    else if (entry.isFile()) yield name
  }
}

interface FoundDirectory {
  readonly workTree: string | undefined
  readonly gitDirectory: string
  readonly commonDirectory: string
}

async function findGitDirectory(path: string): Promise<FoundDirectory | undefined> {
  const dotGit = join(path, '.git')
  switch (await kindOf(dotGit)) {
    case 'directory':
      await readSmall(join(dotGit, 'HEAD'))
      return { workTree: path, gitDirectory: dotGit, commonDirectory: dotGit }
    case 'file':
      return findLinkedDirectory(path, dotGit)
    case 'other':
      throw repositoryErrors.UNSAFE_SOURCE({ detail: `${dotGit} is a symbolic link or a special file` })
    case 'absent': {
      const kinds = await Promise.all(['HEAD', 'objects', 'refs'].map((name) => kindOf(join(path, name))))
      if (kinds.join() !== 'file,directory,directory') return undefined
      return { workTree: undefined, gitDirectory: path, commonDirectory: path }
    }
  }
}

/**
 * A `.git` file is followed only when the git directory it names says that this is its working tree: anybody can
 * write a file that points at somebody's repository, but only its owner can make that repository point back.
 */
async function findLinkedDirectory(path: string, dotGit: string): Promise<FoundDirectory> {
  const text = (await readSmall(dotGit)) ?? ''
  const named = /^gitdir:[ \t]*(\S[^\r\n]*)/.exec(text)?.[1]
  if (named === undefined) throw repositoryErrors.NOT_FOUND({ detail: `${dotGit} names no git directory` })
  const unsafe = () =>
    repositoryErrors.UNSAFE_SOURCE({ detail: `${dotGit} points at ${named}, which does not point back` })
  try {
    const gitDirectory = await realpath(resolve(path, named))
    const back = (await readSmall(join(gitDirectory, 'gitdir')))?.trim()
    const common = (await readSmall(join(gitDirectory, 'commondir')))?.trim()
    if (back === undefined || common === undefined) throw unsafe()
    if ((await realpath(resolve(gitDirectory, back))) !== (await realpath(dotGit))) throw unsafe()
    return { workTree: path, gitDirectory, commonDirectory: await realpath(resolve(gitDirectory, common)) }
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') throw unsafe()
    throw cause
  }
}

async function notFound(path: string): Promise<Error> {
  for (let parent = dirname(path); parent !== dirname(parent); parent = dirname(parent)) {
    if ((await kindOf(join(parent, '.git'))) !== 'absent') {
      return repositoryErrors.NOT_FOUND({
        detail: `${path} lies inside the repository ${parent}; name that instead`,
      })
    }
  }
  return repositoryErrors.NOT_FOUND({ detail: path })
}

/** Reads a configuration file as data: no includes, no repository around it. */
async function readConfiguration(git: Git, file: string): Promise<ReadonlyMap<string, string>> {
  if ((await readSmall(file)) === undefined) return new Map()
  const result = await git.run({
    args: ['config', '--file', file, '--no-includes', '--list', '-z'],
    expectedExitCodes: [1, 3, 128, 255],
  })
  if (result.exitCode !== 0)
    throw repositoryErrors.CORRUPTED({ detail: `${file} is not a git configuration` })
  const entries = result.stdout.toString('utf8').split('\0')
  return new Map(
    entries.map((entry) => {
      const end = entry.indexOf('\n')
      return end < 0 ? ([entry, 'true'] as const) : ([entry.slice(0, end), entry.slice(end + 1)] as const)
    }),
  )
}

async function kindOf(path: string): Promise<'file' | 'directory' | 'other' | 'absent'> {
  try {
    const status = await lstat(path)
    return status.isFile() ? 'file' : status.isDirectory() ? 'directory' : 'other'
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code
    if (code === 'ENOENT' || code === 'ENOTDIR') return 'absent'
    throw unreadable(path, cause)
  }
}

/** The text of a small ordinary file; undefined if there is none. Never follows a link, never waits on a pipe. */
async function readSmall(path: string): Promise<string | undefined> {
  const kind = await kindOf(path)
  if (kind === 'absent') return undefined
  if (kind !== 'file') throw repositoryErrors.UNSAFE_SOURCE({ detail: `${path} is not an ordinary file` })
  try {
    if ((await lstat(path)).size > maxMetadataBytes) throw repositoryErrors.TOO_LARGE({ detail: path })
    return await readFile(path, 'utf8')
  } catch (cause) {
    throw unreadable(path, cause)
  }
}

function unreadable(path: string, cause: unknown): unknown {
  const code = (cause as NodeJS.ErrnoException).code
  return code === 'EACCES' || code === 'EPERM' ? repositoryErrors.UNREADABLE({ detail: path, cause }) : cause
}
