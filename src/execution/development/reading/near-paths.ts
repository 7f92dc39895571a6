import { posix } from 'node:path'
import type { Repository } from '../../repository/index.ts'
import { developmentErrors } from '../errors.ts'

const suggested = 5
const longestListing = 50

/** Why there is no text file at a path, with the paths that were probably meant. */
export async function explainAbsence(repository: Repository, tree: string, path: string): Promise<Error> {
  const files = await repository.listFiles(tree)
  const entry = files.find((file) => file.path === path)
  if (entry !== undefined && entry.kind !== 'file' && entry.kind !== 'executable')
    return developmentErrors.NOT_TEXT({
      detail: `${path} is a ${entry.kind === 'link' ? 'symbolic link, which is not followed' : 'submodule'}`,
    })
  const below = files.filter((file) => file.path.startsWith(`${path}/`))
  if (below.length > 0) {
    const names = [...new Set(below.map((file) => file.path.slice(path.length + 1).replace(/\/.*$/s, '/')))]
    const more = names.length > longestListing ? ` and ${names.length - longestListing} more` : ''
    return developmentErrors.FILE_ABSENT({
      detail: `${path} is a folder; it holds ${names.slice(0, longestListing).join(', ')}${more}`,
    })
  }
  const near = nearPaths(
    path,
    files.map((file) => file.path),
  )
  return developmentErrors.FILE_ABSENT({
    detail: near.length === 0 ? path : `${path}; did you mean ${near.join(' or ')}?`,
  })
}

/** Paths that end like the one that was asked for, or have nearly its name, best first. */
function nearPaths(path: string, paths: readonly string[]): readonly string[] {
  const name = posix.basename(path).toLowerCase()
  const stem = stemOf(name)
  const parts = new Set(path.toLowerCase().split('/'))
  const scored = paths.flatMap((candidate) => {
    const other = posix.basename(candidate).toLowerCase()
    const closeness = other === name ? 3 : stemOf(other) === stem ? 2 : isClose(other, name) ? 1 : 0
    if (closeness === 0) return []
    const shared = candidate
      .toLowerCase()
      .split('/')
      .filter((part) => parts.has(part)).length
    return [{ candidate, score: closeness * 10 + shared - candidate.length / 1000 }]
  })
  return scored
    .toSorted((a, b) => b.score - a.score)
    .slice(0, suggested)
    .map(({ candidate }) => candidate)
}

function stemOf(name: string): string {
  return name.replace(/\..*$/, '')
}

/** At most two letters inserted, left out or replaced. */
function isClose(one: string, other: string): boolean {
  if (Math.abs(one.length - other.length) > 2 || one.length > 100) return false
  let previous = Array.from({ length: other.length + 1 }, (_, index) => index)
  for (let i = 1; i <= one.length; i += 1) {
    const row = [i]
    for (let j = 1; j <= other.length; j += 1) {
      const substitution = (previous[j - 1] ?? 0) + (one[i - 1] === other[j - 1] ? 0 : 1)
      row.push(Math.min(substitution, (previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1))
    }
    previous = row
  }
  return (previous.at(-1) ?? 3) <= 2
}
