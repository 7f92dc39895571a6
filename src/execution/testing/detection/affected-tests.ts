import { posix } from 'node:path'
import { z } from 'zod'
import type { RepositoryFiles } from '../repository-files.ts'
import { parseJson } from '../structured-text.ts'
import { entryFile, importsOf } from './entry-file.ts'

const mainSchema = z.object({ main: z.string().optional() }).catch({})

/**
 * The test files that load any of the changed files, directly or through others, as far as imports written in the
 * text show it; so that they can run first. A test file that starts programs may miss here: the whole suite still has
 * the last word.
 */
export async function affectedTestFiles(
  changed: readonly string[],
  testFiles: readonly string[],
  files: RepositoryFiles,
): Promise<readonly string[]> {
  const listing = await files.list()
  const loaders = new Map<string, string[]>()
  const queue = [...testFiles]
  const seen = new Set(queue)
  for (let file = queue.shift(); file !== undefined; file = queue.shift())
    for (const loaded of await loadedBy(file, listing, files)) {
      loaders.set(loaded, [...(loaders.get(loaded) ?? []), file])
      if (seen.has(loaded)) continue
      seen.add(loaded)
      queue.push(loaded)
    }
  const affected = new Set<string>()
  const above = [...changed]
  for (let file = above.shift(); file !== undefined; file = above.shift()) {
    if (affected.has(file)) continue
    affected.add(file)
    above.push(...(loaders.get(file) ?? []))
  }
  return testFiles.filter((file) => affected.has(file))
}

async function loadedBy(
  file: string,
  listing: readonly string[],
  files: RepositoryFiles,
): Promise<readonly string[]> {
  const found: string[] = []
  for (const name of importsOf((await files.read(file)) ?? '')) {
    if (!name.startsWith('.')) continue
    const path = posix.join(posix.dirname(file), name)
    const loaded = entryFile(path, listing) ?? (await mainOf(path, listing, files))
    if (loaded !== null) found.push(loaded)
  }
  return found
}

/** What a folder with a package.json stands for. */
async function mainOf(
  folder: string,
  listing: readonly string[],
  files: RepositoryFiles,
): Promise<string | null> {
  const manifest = parseJson(await files.read(posix.join(folder, 'package.json')))
  if (manifest === undefined) return null
  const { main = 'index.js' } = mainSchema.parse(manifest)
  return entryFile(posix.join(folder, main), listing)
}
