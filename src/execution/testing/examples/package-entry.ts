import { posix } from 'node:path'

import { z } from 'zod'

import { parseJson } from '../structured-text.ts'

const manifestSchema = z.object({
  name: z.string().optional(),
  source: z.string().optional(),
  main: z.string().optional(),
  module: z.string().optional(),
  exports: z.unknown().optional(),
})

/** What a package is called, and the file of its sources that its users import. */
export interface PackageEntry {
  readonly packageName: string | undefined
  readonly entry: string | undefined
}

const usual = ['src/index.ts', 'src/index.js', 'src/index.mjs', 'index.ts', 'index.js', 'lib/index.js']

/**
 * Reads the name and the entry out of a package's manifest. An entry that is only there once the project is built is
 * passed over for the usual places of sources.
 */
export function packageEntry(manifest: string, directory: string, paths: ReadonlySet<string>): PackageEntry {
  const parsed = manifestSchema.safeParse(parseJson(manifest))
  if (!parsed.success) return { packageName: undefined, entry: undefined }
  const { name, source, main, module } = parsed.data
  const named = [source, ...exported(parsed.data.exports), module, main].filter((path) => path !== undefined)
  const entry = [...named, ...usual]
    .flatMap((path) => [path, `${path}.js`, `${path}.ts`, `${path}/index.js`])
    .map((path) => posix.join(directory, path))
    .find((path) => paths.has(path))
  return { packageName: name, entry }
}

/** Paths that the main entry of `exports` may stand for. */
function exported(exports: unknown): string[] {
  if (typeof exports === 'string') return [exports]
  if (typeof exports !== 'object' || exports === null) return []
  const main = (exports as Record<string, unknown>)['.']
  if (main !== undefined) return exported(main)
  return ['import', 'node', 'require', 'default'].flatMap((condition) =>
    exported((exports as Record<string, unknown>)[condition]),
  )
}
