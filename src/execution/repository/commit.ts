import type { RepositoryContext } from './context.ts'
import { repositoryErrors } from './errors.ts'

export interface CommitRequest {
  readonly baseCommit: string
  readonly tree: string
  /** One line. */
  readonly subject: string
  readonly body: string
  /** Who is named as author and committer. */
  readonly author: { readonly name: string; readonly email: string }
  /** ISO 8601. Taken from the run rather than the clock, so that a repeated step makes the very same commit. */
  readonly createdAt: string
  readonly runId: string
  /** Digest of the evidence that the change was approved with. */
  readonly evidenceDigest: string
}

const runTrailer = 'Atelier-Run'
const evidenceTrailer = 'Atelier-Evidence'

/** Makes the commit of a change on top of its base. Equal requests make the same commit id. */
export async function createCommit(context: RepositoryContext, request: CommitRequest): Promise<string> {
  const seconds = Math.floor(Date.parse(request.createdAt) / 1000)
  if (!Number.isSafeInteger(seconds)) throw new RangeError(`not a time: ${request.createdAt}`)
  const name = identityText(request.author.name)
  const email = identityText(request.author.email)
  const date = `@${seconds} +0000`
  return context.git.text({
    args: ['commit-tree', request.tree, '-p', request.baseCommit],
    gitDirectory: context.gitDirectory,
    input: commitMessage(request),
    environment: {
      GIT_AUTHOR_NAME: name,
      GIT_AUTHOR_EMAIL: email,
      GIT_AUTHOR_DATE: date,
      GIT_COMMITTER_NAME: name,
      GIT_COMMITTER_EMAIL: email,
      GIT_COMMITTER_DATE: date,
    },
  })
}

/** Subject, body, and trailers that tie the commit to its run. Lines of the body cannot pose as trailers. */
function commitMessage(request: CommitRequest): string {
  const subject = singleLine(request.subject)
  if (subject === '') throw repositoryErrors.PATCH_INVALID({ detail: 'the commit has no subject' })
  const body = request.body
    .replace(/\r\n?/g, '\n')
    .replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, '')
    .replace(/^(?=Atelier-)/gim, ' ')
    .trim()
  const trailers = [
    `${runTrailer}: ${singleLine(request.runId)}`,
    `${evidenceTrailer}: ${singleLine(request.evidenceDigest)}`,
  ]
  return [subject, ...(body === '' ? [] : [body]), trailers.join('\n')].join('\n\n') + '\n'
}

/** The run that made a commit, or undefined if the studio did not make it. The last paragraph counts. */
export async function runOfCommit(context: RepositoryContext, commit: string): Promise<string | undefined> {
  const message = await context.git.text({
    args: ['log', '-1', '--no-walk', '--format=%B', commit],
    gitDirectory: context.gitDirectory,
  })
  const last = message.trim().split('\n\n').at(-1) ?? ''
  return new RegExp(`^${runTrailer}: (\\S+)$`, 'm').exec(last)?.[1]
}

function singleLine(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f\s]+/g, ' ').trim()
}

/** Git ends a name at an angle bracket and refuses one that is empty. */
function identityText(text: string): string {
  return singleLine(text.replace(/[<>]/g, '')) || 'atelier'
}
