import { posix } from 'node:path'
import type { TestFramework } from '../../../contracts/index.ts'
import type { RepositoryFiles } from '../repository-files.ts'

const endings = ['', '.js', '.cjs', '.mjs', '.ts', '/index.js', '/index.cjs', '/index.mjs', '/index.ts']

/** The file that `node PATH` or `require(PATH)` loads, or null if it is none of the repository. */
export function entryFile(path: string, listing: readonly string[]): string | null {
  const plain = posix.normalize(path).replace(/\/$/, '')
  const found = endings.map((ending) => plain + ending).find((candidate) => listing.includes(candidate))
  return found ?? null
}

const importPattern = /(?:require\(|from|import\(?)\s*['"]([^'"]+)['"]/g
const mostFiles = 40

/** The framework whose tests a program declares, itself or in the files that it loads. */
export async function frameworkOfProgram(
  entry: string,
  files: RepositoryFiles,
): Promise<TestFramework | null> {
  const listing = await files.list()
  const queue = [entry]
  const seen = new Set(queue)
  for (let file = queue.shift(); file !== undefined && seen.size <= mostFiles; file = queue.shift()) {
    for (const name of importsOf((await files.read(file)) ?? '')) {
      const framework = frameworkOfModule(name)
      if (framework !== null) return framework
      if (!name.startsWith('.')) continue
      const loaded = entryFile(posix.join(posix.dirname(file), name), listing)
      if (loaded === null || seen.has(loaded)) continue
      seen.add(loaded)
      queue.push(loaded)
    }
  }
  return null
}

/** Names of the modules that a JavaScript text loads. */
export function importsOf(text: string): readonly string[] {
  return [...text.matchAll(importPattern)].map((match) => match[1] ?? '')
}

function frameworkOfModule(name: string): TestFramework | null {
  if (name === 'node:test') return 'node:test'
  if (name === 'tape' || name === 'tape-promise/tape') return 'tape'
  return name === 'tap' ? 'tap' : null
}
