import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { RepositoryContext } from './context.ts'
import { repositoryErrors } from './errors.ts'
import { buildStandIn, findLocalSource, readHead } from './local-source.ts'
import { isObjectId, isRevision } from './ref-name.ts'
import { uncommittedChanges } from './uncommitted.ts'

/** A commit that work starts from. */
export interface BaseRevision {
  readonly commit: string
  readonly tree: string
  /** The branch it was named by, or HEAD's branch; null for a tag, a commit or a detached HEAD. */
  readonly branch: string | null
  readonly subject: string
  /** ISO 8601, UTC. */
  readonly committedAt: string
}

export interface ImportResult {
  readonly base: BaseRevision
  /** What a person should know, for example that uncommitted changes were left out. */
  readonly notes: readonly string[]
}

/** Where the import keeps what HEAD of the source was, and a commit that was asked for by its id. */
const headRef = 'refs/atelier/head'
const requestedRef = 'refs/atelier/requested'

/**
 * Brings branches, tags and (of a local repository) remote-tracking branches into the host-owned git directory and
 * resolves the revision. Objects are checked as they come in. The caller holds the repository's lock.
 */
export async function importRevision(
  context: RepositoryContext,
  revision: string | undefined,
  signal: AbortSignal | undefined,
): Promise<ImportResult> {
  if (revision !== undefined && !isRevision(revision)) {
    throw repositoryErrors.UNKNOWN_REVISION({
      detail: `${JSON.stringify(revision)} is not the name of a revision`,
    })
  }
  const notes =
    context.location.kind === 'local'
      ? await importLocal(context, context.location.path, revision, signal)
      : await importRemote(context, context.location.url, revision, signal)
  return { base: await resolveRevision(context, revision), notes }
}

async function importLocal(
  context: RepositoryContext,
  path: string,
  revision: string | undefined,
  signal: AbortSignal | undefined,
): Promise<readonly string[]> {
  const source = await findLocalSource(context.git, path)
  if (source.objectFormat !== context.objectFormat) {
    throw repositoryErrors.UNSUPPORTED({ detail: 'its object format has changed since the last import' })
  }
  const scratch = await mkdtemp(join(context.root, 'scratch', 'import-'))
  try {
    const standIn = join(scratch, 'source')
    const head = (await readHead(source)).trim()
    const extra = new Map<string, string>()
    if (isObjectId(head)) extra.set(headRef, head)
    if (revision !== undefined && isObjectId(revision)) extra.set(requestedRef, revision)
    await buildStandIn(source, standIn, extra)
    await fetchInto(context, {
      from: standIn,
      refs: [
        '+refs/heads/*:refs/heads/*',
        '+refs/tags/*:refs/tags/*',
        '+refs/remotes/*:refs/remotes/*',
        '+refs/atelier/*:refs/atelier/*',
      ],
      signal,
    })
    await recordHead(context, head)
    return await uncommittedChanges(context, source, standIn, join(scratch, 'index'))
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

async function importRemote(
  context: RepositoryContext,
  url: string,
  revision: string | undefined,
  signal: AbortSignal | undefined,
): Promise<readonly string[]> {
  const call = { gitDirectory: context.gitDirectory, signal, ...(await context.transport()) }
  const answer = await context.git.text({
    ...call,
    args: ['ls-remote', '--symref', '--', url, 'HEAD'],
    timeoutMs: context.limits.transferMs,
  })
  const branch = /^ref: (refs\/heads\/\S+)\tHEAD$/m.exec(answer)?.[1]
  const detached = /^([0-9a-f]{40,64})\tHEAD$/m.exec(answer)?.[1]
  await fetchInto(context, {
    from: url,
    refs: ['+refs/heads/*:refs/heads/*', '+refs/tags/*:refs/tags/*'],
    signal,
  })
  if (revision !== undefined && isObjectId(revision) && !(await hasCommit(context, revision))) {
    await fetchInto(context, { from: url, refs: [`+${revision}:${requestedRef}`], signal })
  }
  if (branch !== undefined) await recordHead(context, `ref: ${branch}`)
  else if (detached !== undefined) await recordHead(context, detached)
  return []
}

interface Fetch {
  readonly from: string
  readonly refs: readonly string[]
  readonly signal: AbortSignal | undefined
}

async function fetchInto(context: RepositoryContext, { from, refs, signal }: Fetch): Promise<void> {
  const many = refs.some((ref) => ref.includes('*'))
  await context.git.run({
    args: [
      'fetch',
      '--quiet',
      '--no-tags',
      '--no-write-fetch-head',
      '--no-auto-maintenance',
      '--no-recurse-submodules',
      '--update-shallow',
      '--update-head-ok',
      ...(many ? ['--prune'] : []),
      '--',
      from,
      ...refs,
    ],
    gitDirectory: context.gitDirectory,
    timeoutMs: context.limits.transferMs,
    signal,
    ...(context.location.kind === 'remote' ? await context.transport() : {}),
  })
}

/**
 * HEAD of the studio's directory is HEAD of the source, so that `HEAD` and `HEAD~2` mean what they mean there. It is
 * replaced in one step: a git that reads it half written takes the directory for none of its own.
 */
async function recordHead(context: RepositoryContext, head: string): Promise<void> {
  const file = join(context.gitDirectory, 'HEAD')
  const draft = `${file}.new`
  await writeFile(draft, `${head}\n`)
  await rename(draft, file)
}

async function hasCommit(context: RepositoryContext, commit: string): Promise<boolean> {
  const found = await context.git.run({
    args: ['cat-file', '-e', `${commit}^{commit}`],
    gitDirectory: context.gitDirectory,
    expectedExitCodes: [1, 128],
  })
  return found.exitCode === 0
}

/** Finds what a revision means in the imported repository, without looking at the source again. */
export async function resolveRevision(context: RepositoryContext, revision = 'HEAD'): Promise<BaseRevision> {
  if (revision !== 'HEAD' && !isRevision(revision)) {
    throw repositoryErrors.UNKNOWN_REVISION({
      detail: `${JSON.stringify(revision)} is not the name of a revision`,
    })
  }
  const candidates =
    revision === 'HEAD' ? ['HEAD'] : [`refs/heads/${revision}`, revision, `refs/remotes/origin/${revision}`]
  for (const candidate of candidates) {
    const found = await context.git.run({
      args: ['rev-parse', '--verify', '--quiet', '--end-of-options', `${candidate}^{commit}`],
      gitDirectory: context.gitDirectory,
      expectedExitCodes: [1, 128],
    })
    if (found.exitCode === 0)
      return describeCommit(context, found.stdout.toString('latin1').trim(), candidate)
  }
  const anything = await context.git.text({
    args: ['for-each-ref', '--count=1', '--format=%(refname)'],
    gitDirectory: context.gitDirectory,
  })
  if (anything === '') throw repositoryErrors.EMPTY({ detail: context.location.display })
  throw repositoryErrors.UNKNOWN_REVISION({
    detail: `${revision} in ${context.location.display}`,
    details: { revision },
  })
}

async function describeCommit(
  context: RepositoryContext,
  commit: string,
  name: string,
): Promise<BaseRevision> {
  const shown = await context.git.text({
    args: ['log', '-1', '--no-walk', '--format=%T%x00%cI%x00%s', commit],
    gitDirectory: context.gitDirectory,
  })
  const [tree = '', committedAt = '', subject = ''] = shown.split('\0')
  return {
    commit,
    tree,
    branch: await branchOf(context, name),
    subject,
    committedAt: new Date(committedAt).toISOString(),
  }
}

async function branchOf(context: RepositoryContext, name: string): Promise<string | null> {
  const prefix = 'refs/heads/'
  if (name.startsWith(prefix) && !/[~^]/.test(name)) return name.slice(prefix.length)
  if (name !== 'HEAD') return null
  const found = await context.git.run({
    args: ['symbolic-ref', '--quiet', 'HEAD'],
    gitDirectory: context.gitDirectory,
    expectedExitCodes: [1, 128],
  })
  const ref = found.stdout.toString('utf8').trim()
  return ref.startsWith(prefix) ? ref.slice(prefix.length) : null
}
