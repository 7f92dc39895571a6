import { maxFileBytes, parseFile } from '../chunking/index.ts'
import type { RepositorySource, Revision } from '../ports.ts'

/** Reads and parses every file of a commit that has a grammar, and nothing more: what indexing is measured against. */
export async function parseBare(source: RepositorySource, { tree }: Revision): Promise<void> {
  const files = (await source.listFiles(tree)).filter(
    ({ kind, size }) => (kind === 'file' || kind === 'executable') && size <= maxFileBytes,
  )
  for (let first = 0; first < files.length; first += 400) {
    const paths = files.slice(first, first + 400).map(({ path }) => path)
    for (const [path, content] of await source.readFiles(tree, paths)) await parseFile(path, content)
  }
}
