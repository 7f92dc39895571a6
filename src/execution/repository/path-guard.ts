import { matchesGlob } from 'node:path'
import { repositoryErrors } from './errors.ts'

/** What a change may touch. Everything ordinary is allowed when a field is absent. */
export interface ChangePolicy {
  /** Globs (`src/**`); a path must match one of them. */
  readonly allowedPaths?: readonly string[]
  /** Globs; a path that matches one of them is refused, whatever else allows it. */
  readonly refusedPaths?: readonly string[]
  /** Whether files that are not text may be added or changed; refused when absent. */
  readonly binaryFiles?: 'allowed' | 'refused'
  /** Whether symbolic links may be added, changed or removed; refused when absent. */
  readonly symbolicLinks?: 'allowed' | 'refused'
}

/**
 * Throws `ATL_REPOSITORY_PATH_REFUSED` unless `path` is an ordinary relative path that every file system and every
 * git reads the same way, and that the policy allows.
 */
export function guardPath(path: string, policy: ChangePolicy): void {
  const reason = reasonToRefuse(path, policy)
  if (reason !== undefined) {
    throw repositoryErrors.PATH_REFUSED({ detail: `${JSON.stringify(path.slice(0, 300))} ${reason}` })
  }
}

/** Why a change may not touch a path; undefined when it may. */
export function reasonToRefuse(path: string, policy: ChangePolicy): string | undefined {
  if (path === '') return 'is empty'
  if (path.length > 4096 || Buffer.byteLength(path) > 4096) return 'is too long'
  if (!path.isWellFormed() || path.includes('\ufffd')) return 'is not valid UTF-8'
  if (/[\u0000-\u001f\u007f]/.test(path)) return 'contains control characters'
  if (/[\u202a-\u202e\u2066-\u2069]/.test(path)) return 'contains characters that reorder text'
  if (path.startsWith('/') || /^[A-Za-z]:/.test(path)) return 'is absolute'
  if (path.includes('\\')) return 'contains a backslash'
  for (const part of path.split('/')) {
    if (part === '' || part === '.' || part === '..') return 'is not in its shortest form'
    if (Buffer.byteLength(part) > 255) return 'has a part that is too long'
    if (isGitName(part)) return 'reaches into git’s own directory'
  }
  if (path.endsWith('/.gitmodules') || path.toLowerCase() === '.gitmodules') return 'declares submodules'
  const { allowedPaths, refusedPaths = [] } = policy
  if (allowedPaths !== undefined && !allowedPaths.some((glob) => matchesGlob(path, glob))) {
    return 'is outside the allowed paths'
  }
  return refusedPaths.some((glob) => matchesGlob(path, glob)) ? 'is protected' : undefined
}

/** Characters that HFS+ ignores when it compares names (the list that git's own check uses). */
const ignoredByHfs = /[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]/g

/** `.git` as any file system may read it: other case, trailing dots and spaces, short names, streams, ignorable characters. */
function isGitName(part: string): boolean {
  const plain = part.replace(ignoredByHfs, '').toLowerCase()
  const beforeStream = plain.split(':', 1)[0] ?? ''
  return /^(?:\.git|git~\d+)$/.test(beforeStream.replace(/[. ]+$/, ''))
}
