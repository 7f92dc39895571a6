import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { RepositoryContext } from './context.ts'
import { createCommit, runOfCommit, type CommitRequest } from './commit.ts'
import { repositoryErrors } from './errors.ts'
import { isRefName } from './ref-name.ts'
import { localTarget } from './publish-local.ts'
import { remoteTarget } from './publish-remote.ts'
import type { PublishTarget } from './publish-target.ts'

export interface PublishRequest extends CommitRequest {
  /** Words for the end of the branch name; anything that is not a letter or a digit becomes a dash. */
  readonly slug: string
}

/** A change offered for merging, in a form that every forge and plain git understands. Nothing is merged. */
export interface ChangeRequest {
  /** Where the branch is, without credentials. */
  readonly repository: string
  readonly branch: string
  readonly commit: string
  readonly baseCommit: string
  /** The branch it is meant for: the repository's default branch, if it has one. */
  readonly target: string | null
  readonly title: string
  readonly body: string
}

/** The branch of a run: the same for every attempt. */
export function branchOf(runId: string, slug: string): string {
  const clean = (text: string): string =>
    text
      .normalize('NFKD')
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-|-$/g, '')
  const run = clean(runId)
  const words = clean(slug.slice(0, 1000)).slice(0, 48).replace(/-$/, '')
  const branch = `atelier/${run}${words === '' ? '' : `-${words}`}`
  if (run === '' || !isRefName(`refs/heads/${branch}`)) throw new RangeError(`no branch name fits ${runId}`)
  return branch
}

/**
 * Commits the tree on its base and puts it on the run's branch of the repository it came from. Safe to repeat: the
 * commit is the same each time, and a branch that is already there is recognised. A branch that holds an earlier
 * change of the same run is moved; any other is left alone and reported as `ATL_REPOSITORY_BRANCH_CONFLICT`.
 */
export async function publishChange(
  context: RepositoryContext,
  request: PublishRequest,
): Promise<ChangeRequest> {
  const branch = branchOf(request.runId, request.slug)
  const commit = await createCommit(context, request)
  return withTarget(context, async (target) => {
    const { all, standard } = await target.protectedBranches()
    for (let attempt = 0; attempt < 3; attempt += 1) {
      const existing = await target.find(branch)
      if (existing === commit) return describe(context, request, branch, commit, standard)
      if (all.has(branch)) throw repositoryErrors.BRANCH_CONFLICT({ detail: `${branch} is checked out` })
      if (existing !== undefined) await assertOurs(context, target, branch, existing, request.runId)
      if (await target.update(branch, commit, existing)) {
        return describe(context, request, branch, commit, standard)
      }
      // Somebody moved the branch between the look and the leap: look again.
    }
    throw repositoryErrors.BRANCH_CONFLICT({ detail: `${branch} changes while it is published` })
  })
}

/**
 * Look before leap: whether exactly this change is on its branch already. Used after a crash that may have come
 * between the push and its record.
 */
export async function findPublishedChange(
  context: RepositoryContext,
  request: PublishRequest,
): Promise<ChangeRequest | undefined> {
  const branch = branchOf(request.runId, request.slug)
  const commit = await createCommit(context, request)
  return withTarget(context, async (target) => {
    if ((await target.find(branch)) !== commit) return undefined
    const { standard } = await target.protectedBranches()
    return describe(context, request, branch, commit, standard)
  })
}

async function assertOurs(
  context: RepositoryContext,
  target: PublishTarget,
  branch: string,
  existing: string,
  runId: string,
): Promise<void> {
  await target.fetch(branch)
  if ((await runOfCommit(context, existing)) === runId) return
  throw repositoryErrors.BRANCH_CONFLICT({
    detail: `${branch} is at ${existing}`,
    details: { branch, existing },
  })
}

async function withTarget<T>(
  context: RepositoryContext,
  work: (target: PublishTarget) => Promise<T>,
): Promise<T> {
  if (context.location.kind === 'remote') return work(remoteTarget(context, context.location.url))
  const scratch = await mkdtemp(join(context.root, 'scratch', 'publish-'))
  try {
    return await work(await localTarget(context, context.location.path, scratch))
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

function describe(
  context: RepositoryContext,
  request: PublishRequest,
  branch: string,
  commit: string,
  target: string | undefined,
): ChangeRequest {
  return {
    repository: context.location.display,
    branch,
    commit,
    baseCommit: request.baseCommit,
    target: target ?? null,
    title: request.subject,
    body: request.body,
  }
}
