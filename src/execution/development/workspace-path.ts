import { matchesGlob, posix } from 'node:path'
import { workspaceRoot } from '../testing/index.ts'
import { developmentErrors } from './errors.ts'

/** What decides over a repository's pipelines and owners rather than being worked on in it. */
export const defaultProtectedPaths: readonly string[] = [
  '.github/**',
  '.gitlab/**',
  '.gitlab-ci.yml',
  '.circleci/**',
  '.buildkite/**',
  '.woodpecker/**',
  '.woodpecker.y{a,}ml',
  '.travis.yml',
  '.drone.yml',
  'azure-pipelines.y{a,}ml',
  'bitbucket-pipelines.yml',
  'appveyor.yml',
  'Jenkinsfile',
  '{,**/}CODEOWNERS',
]

/**
 * A path as a model writes it, in the form that git has it; empty for the root. Paths as they are inside the sandbox are
 * understood as well.
 *
 * @throws `ATL_DEVELOP_PATH_REFUSED` for what lies outside the workspace or belongs to git
 */
export function workspacePath(written: string): string {
  const refused = (why: string) =>
    developmentErrors.PATH_REFUSED({ detail: `${JSON.stringify(written.slice(0, 300))} ${why}` })
  if (/[\u0000-\u001f\u007f]/.test(written)) throw refused('contains control characters')
  const inside =
    written === workspaceRoot
      ? ''
      : written.startsWith(`${workspaceRoot}/`)
        ? written.slice(workspaceRoot.length + 1)
        : written
  if (inside.startsWith('/')) throw refused('lies outside the workspace')
  if (inside.includes('\\')) throw refused('contains a backslash; separate folders by slashes')
  const path = posix.normalize(inside).replace(/\/$/, '')
  if (path === '.' || path === '') return ''
  if (path === '..' || path.startsWith('../')) throw refused('lies outside the workspace')
  if (path.split('/').some((part) => part.toLowerCase() === '.git')) throw refused('belongs to git itself')
  return path
}

/** A path of a file: {@link workspacePath}, and not the root. */
export function filePath(written: string): string {
  const path = workspacePath(written)
  if (path === '')
    throw developmentErrors.PATH_REFUSED({ detail: `${JSON.stringify(written)} is the root, not a file` })
  return path
}

/** Whether only people change a path. */
export function isProtected(path: string, protectedPaths: readonly string[]): boolean {
  return protectedPaths.some((glob) => matchesGlob(path, glob))
}
