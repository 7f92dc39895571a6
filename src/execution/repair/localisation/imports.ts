import { posix } from 'node:path'

import type { SourceFile } from '../model.ts'

/**
 * Distance of source files from the tests over relative paths, 1 for what a test imports, or starts as a program,
 * itself. For use where no coverage could be measured.
 */
export function importDistances(
  tests: readonly SourceFile[],
  sources: readonly SourceFile[],
): ReadonlyMap<string, number> {
  const byPath = new Map(sources.map((source) => [source.path, source]))
  const distances = new Map<string, number>()
  let frontier: readonly SourceFile[] = tests
  for (let distance = 1; frontier.length > 0; distance += 1) {
    const next: SourceFile[] = []
    for (const file of frontier) {
      for (const specifier of relativePaths(file.text)) {
        const found = resolve(posix.join(posix.dirname(file.path), specifier), byPath)
        if (found === undefined || distances.has(found.path)) continue
        distances.set(found.path, distance)
        next.push(found)
      }
    }
    frontier = next
  }
  return distances
}

function relativePaths(text: string): readonly string[] {
  return [...text.matchAll(/(['"`])(\.{1,2}(?:\/[^'"`\s]*)?)\1/g)].map((match) => match[2] ?? '')
}

function resolve(path: string, files: ReadonlyMap<string, SourceFile>): SourceFile | undefined {
  const clean = path.replace(/\/$/, '').replace(/^\.$/, '')
  const endings = [
    '',
    '.js',
    '.ts',
    '.mjs',
    '.cjs',
    '.tsx',
    '.jsx',
    '/index.js',
    '/index.ts',
    '/index.mjs',
    '/index.cjs',
  ]
  const stems = [clean, clean.replace(/\.[cm]?jsx?$/, '')]
  // The root of a package: its main file can only be guessed here.
  if (clean === '') stems.push('index', 'lib/index', 'src/index')
  for (const stem of stems) {
    for (const ending of endings) {
      const found = files.get(`${stem}${ending}`)
      if (found !== undefined) return found
    }
  }
  return undefined
}
