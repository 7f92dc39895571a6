import { z } from 'zod'
import { testingErrors } from '../errors.ts'
import type { RepositoryFiles } from '../repository-files.ts'
import type { PackageManager } from '../suite.ts'

const recordSchema = z.record(z.string(), z.string()).catch({})

/** The part of package.json that testing looks at. */
const manifestSchema = z.object({
  name: z.string().optional().catch(undefined),
  packageManager: z.string().optional().catch(undefined),
  scripts: recordSchema.default({}),
  dependencies: recordSchema.default({}),
  devDependencies: recordSchema.default({}),
})
export type PackageManifest = z.infer<typeof manifestSchema>

/** Reads package.json; null if there is none. */
export async function readManifest(files: RepositoryFiles): Promise<PackageManifest | null> {
  const text = await files.read('package.json')
  if (text === null) return null
  try {
    return manifestSchema.parse(JSON.parse(text.replace(/^\uFEFF/, '')))
  } catch (cause) {
    throw testingErrors.MANIFEST_UNREADABLE({ detail: 'package.json', cause })
  }
}

export function hasDependency(manifest: PackageManifest, name: string): boolean {
  return name in manifest.dependencies || name in manifest.devDependencies
}

/** The package manager that a repository was made with. */
export function packageManagerOf(
  manifest: PackageManifest | null,
  listing: readonly string[],
): PackageManager {
  if (manifest === null) return 'pip'
  const named = /^(npm|yarn|pnpm)@/.exec(manifest.packageManager ?? '')?.[1]
  if (named !== undefined) return named as PackageManager
  if (listing.includes('package-lock.json') || listing.includes('npm-shrinkwrap.json')) return 'npm'
  if (listing.includes('pnpm-lock.yaml')) return 'pnpm'
  return listing.includes('yarn.lock') ? 'yarn' : 'npm'
}
