import { lchown, lstat, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { RepositoryContext } from './context.ts'
import { repositoryErrors } from './errors.ts'
import { hostAttributes, hostConfiguration } from './git-directory.ts'
import { explainGitFailure } from './git-failure.ts'
import { findLocalSource, readHead, type LocalSource } from './local-source.ts'
import type { PublishTarget } from './publish-target.ts'

/**
 * A repository on this machine as a place to publish to.
 *
 * A push would run receive-pack on the host with the target's configuration, and with it the target's hooks. Instead
 * git works on a stand-in: a directory with the studio's configuration whose `objects` and `refs` are links to the
 * target's. Objects come in as one checked pack, then the branch is set with compare-and-swap. Nothing that the
 * target configures is read, and its hooks do not run.
 */
export async function localTarget(
  context: RepositoryContext,
  path: string,
  scratch: string,
): Promise<PublishTarget> {
  const source = await findLocalSource(context.git, path)
  const standIn = join(scratch, 'target')
  await buildWritableStandIn(source, standIn)
  return {
    protectedBranches: async () => {
      const standard = branchOfHead(await readHead(source))
      const all = new Set(await checkedOutBranches(source))
      if (standard !== undefined) all.add(standard)
      return { all, standard }
    },
    find: async (branch) => {
      const found = await context.git.run({
        gitDirectory: standIn,
        args: ['show-ref', '--verify', '--hash', `refs/heads/${branch}`],
        expectedExitCodes: [1, 128],
      })
      return found.exitCode === 0 ? found.stdout.toString('latin1').trim() : undefined
    },
    fetch: async (branch) => {
      await context.git.run({
        gitDirectory: context.gitDirectory,
        args: ['fetch', '--quiet', '--no-tags', '--no-write-fetch-head', standIn, `refs/heads/${branch}`],
        timeoutMs: context.limits.transferMs,
      })
    },
    update: async (branch, commit, expected) => {
      await guardBranchFolder(source, branch)
      const restoreOwner = await ownershipKeeper(source, branch)
      try {
        return await updateBranch(context, standIn, { branch, commit, expected })
      } finally {
        await restoreOwner()
      }
    },
  }
}

async function buildWritableStandIn(source: LocalSource, standIn: string): Promise<void> {
  await mkdir(join(standIn, 'info'), { recursive: true })
  const shared =
    source.sharedRepository === undefined ? [] : [`sharedRepository = ${source.sharedRepository}`]
  await writeFile(join(standIn, 'config'), hostConfiguration(source.objectFormat, shared))
  await writeFile(join(standIn, 'info', 'attributes'), hostAttributes)
  await writeFile(join(standIn, 'HEAD'), 'ref: refs/heads/atelier-stand-in\n')
  for (const name of ['objects', 'refs'])
    await symlink(join(source.commonDirectory, name), join(standIn, name))
  // These are only read: a new branch is a loose ref, and publishing does not deepen a shallow history.
  for (const name of ['packed-refs', 'shallow']) {
    const content = await readFile(join(source.commonDirectory, name)).catch(() => undefined)
    if (content !== undefined) await writeFile(join(standIn, name), content)
  }
}

async function updateBranch(
  context: RepositoryContext,
  standIn: string,
  {
    branch,
    commit,
    expected,
  }: { readonly branch: string; readonly commit: string; readonly expected: string | undefined },
): Promise<boolean> {
  await context.git.run({
    gitDirectory: standIn,
    args: ['fetch', '--quiet', '--no-tags', '--no-write-fetch-head', context.gitDirectory, commit],
    timeoutMs: context.limits.transferMs,
  })
  const updated = await context.git.run({
    gitDirectory: standIn,
    args: ['update-ref', '--no-deref', `refs/heads/${branch}`, commit, expected ?? '0'.repeat(commit.length)],
    expectedExitCodes: [1, 128],
  })
  if (updated.exitCode === 0) return true
  if (/reference already exists|but expected|File exists/.test(updated.stderr)) return false
  if (
    /exists; cannot create|there are still refs under|not a directory|non-empty directory/i.test(
      updated.stderr,
    )
  ) {
    throw repositoryErrors.BRANCH_CONFLICT({ detail: `another branch stands in the way of ${branch}` })
  }
  if (/permission denied|unable to create directory|read-only file system/i.test(updated.stderr)) {
    throw repositoryErrors.REMOTE_DENIED({ detail: `this user cannot write to ${context.location.display}` })
  }
  throw explainGitFailure(['update-ref'], updated.exitCode, updated.stderr)
}

/** Branches that working trees of this repository are on; git refuses to push to these, and so does the studio. */
async function checkedOutBranches(source: LocalSource): Promise<readonly string[]> {
  const names = await readdir(join(source.commonDirectory, 'worktrees')).catch((): string[] => [])
  const heads = await Promise.all(
    ['HEAD', ...names.map((name) => join('worktrees', name, 'HEAD'))].map((head) =>
      readFile(join(source.commonDirectory, head), 'utf8').catch(() => ''),
    ),
  )
  return heads.flatMap((head) => branchOfHead(head) ?? [])
}

function branchOfHead(head: string): string | undefined {
  return /^ref:\s*refs\/heads\/(\S+)\s*$/.exec(head)?.[1]
}

/** Refuses to write a ref through a link that leads out of the repository. */
async function guardBranchFolder(source: LocalSource, branch: string): Promise<void> {
  let path = join(source.commonDirectory, 'refs', 'heads')
  for (const part of ['', ...branch.split('/')]) {
    path = join(path, part)
    const status = await lstat(path).catch(() => undefined)
    if (status?.isSymbolicLink() === true) {
      throw repositoryErrors.UNSAFE_SOURCE({ detail: `${path} is a symbolic link` })
    }
  }
}

/**
 * When root publishes into somebody's repository, what it creates there is handed to the owner; otherwise the owner
 * could neither delete the branch nor repack the objects.
 */
async function ownershipKeeper(source: LocalSource, branch: string): Promise<() => Promise<void>> {
  const owner = await lstat(source.commonDirectory)
  if (process.getuid?.() !== 0 || owner.uid === 0) return () => Promise.resolve()
  const packs = join(source.commonDirectory, 'objects', 'pack')
  const before = new Set(await readdir(packs).catch((): string[] => []))
  return async () => {
    const created = (await readdir(packs).catch((): string[] => [])).filter((name) => !before.has(name))
    const heads = join(source.commonDirectory, 'refs', 'heads')
    const places = [
      packs,
      ...created.map((name) => join(packs, name)),
      join(heads, branch.split('/', 1)[0] ?? ''),
      join(heads, branch),
    ]
    for (const place of places) await lchown(place, owner.uid, owner.gid).catch(() => undefined)
  }
}
