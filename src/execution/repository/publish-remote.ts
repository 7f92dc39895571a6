import type { RepositoryContext } from './context.ts'
import { repositoryErrors } from './errors.ts'
import { explainGitFailure } from './git-failure.ts'
import type { PublishTarget } from './publish-target.ts'

/** A repository behind a URL as a place to publish to: an ordinary push, with compare-and-swap on the branch. */
export function remoteTarget(context: RepositoryContext, url: string): PublishTarget {
  const { git, gitDirectory, limits } = context
  const call = async () => ({ gitDirectory, timeoutMs: limits.transferMs, ...(await context.transport()) })
  return {
    protectedBranches: async () => {
      const text = await git.text({ ...(await call()), args: ['ls-remote', '--symref', '--', url, 'HEAD'] })
      const standard = /^ref: refs\/heads\/(\S+)\tHEAD$/m.exec(text)?.[1]
      return { all: new Set(standard === undefined ? [] : [standard]), standard }
    },
    find: async (branch) => {
      const ref = `refs/heads/${branch}`
      const text = await git.text({ ...(await call()), args: ['ls-remote', '--', url, ref] })
      const line = text.split('\n').find((candidate) => candidate.endsWith(`\t${ref}`))
      return line?.slice(0, line.indexOf('\t'))
    },
    fetch: async (branch) => {
      await git.run({
        ...(await call()),
        args: ['fetch', '--quiet', '--no-tags', '--no-write-fetch-head', '--', url, `refs/heads/${branch}`],
      })
    },
    update: async (branch, commit, expected) => {
      const ref = `refs/heads/${branch}`
      const args = [
        'push',
        '--porcelain',
        '--no-verify',
        '--no-follow-tags',
        `--force-with-lease=${ref}:${expected ?? ''}`,
        '--',
        url,
        `${commit}:${ref}`,
      ]
      const pushed = await git.run({ ...(await call()), args, expectedExitCodes: [1, 128] })
      if (pushed.exitCode === 0) return true
      const said = `${pushed.stdout.toString('utf8')}\n${pushed.stderr}`
      if (/\(stale info\)|\(fetch first\)|reference already exists|failed to update ref/i.test(said))
        return false
      if (/directory file conflict|exists; cannot create/i.test(said)) {
        throw repositoryErrors.BRANCH_CONFLICT({ detail: `another branch stands in the way of ${branch}` })
      }
      throw explainGitFailure(args, pushed.exitCode, said)
    },
  }
}
