import { gt, lt, satisfies, valid, validRange } from 'semver'
import { z } from 'zod'
import type { Finding, UpdateLevel } from '../../contracts/index.ts'
import { upkeepErrors } from './errors.ts'

const rangesSchema = z.record(z.string(), z.string()).default({})
const sections = ['dependencies', 'devDependencies', 'optionalDependencies'] as const

const npmManifestSchema = z.looseObject({
  dependencies: rangesSchema,
  devDependencies: rangesSchema,
  optionalDependencies: rangesSchema,
})
export type NpmManifest = z.infer<typeof npmManifestSchema>

const packageSchema = z.looseObject({
  version: z.string().optional(),
  resolved: z.string().optional(),
  integrity: z.string().optional(),
  license: z.unknown().optional(),
  hasInstallScript: z.boolean().optional(),
  deprecated: z.union([z.string(), z.boolean()]).optional(),
  link: z.boolean().optional(),
  ...Object.fromEntries(sections.map((section) => [section, z.record(z.string(), z.string()).optional()])),
})

const lockSchema = z.looseObject({
  lockfileVersion: z.union([z.literal(2), z.literal(3)]),
  packages: z.record(z.string(), packageSchema),
})
export type NpmLock = z.infer<typeof lockSchema>

export function readNpmManifest(text: string): NpmManifest {
  return parseAs(npmManifestSchema, text, 'package.json')
}

/** Throws `ATL_UPKEEP_LOCK_UNREADABLE`, also for lock files of npm 6. */
export function readNpmLock(text: string): NpmLock {
  return parseAs(lockSchema, text, 'package-lock.json')
}

function parseAs<T>(schema: z.ZodType<T>, text: string, name: string): T {
  try {
    return schema.parse(JSON.parse(text.replace(/^\uFEFF/, '')))
  } catch (cause) {
    const detail = cause instanceof z.ZodError ? `${name}: ${z.prettifyError(cause)}` : `${name} is not JSON`
    throw upkeepErrors.LOCK_UNREADABLE({ detail: detail.slice(0, 500), cause })
  }
}

/** Direct dependencies and their ranges. */
export function directRanges(manifest: NpmManifest): ReadonlyMap<string, string> {
  return new Map(sections.flatMap((section) => Object.entries(manifest[section])))
}

/** Names for which manifest and lock file say different things. */
export function mismatches(manifest: NpmManifest, lock: NpmLock): readonly string[] {
  const root = npmManifestSchema.parse(lock.packages[''] ?? {})
  return sections.flatMap((section) => {
    const [declared, locked] = [manifest[section], root[section]]
    // npm lists optional dependencies among the others as well.
    const names = new Set([...Object.keys(declared), ...Object.keys(locked)])
    return [...names].filter((name) => declared[name] !== locked[name])
  })
}

export function lockedVersion(lock: NpmLock, name: string): string | null {
  return valid(lock.packages[`node_modules/${name}`]?.version)
}

/** How one package differs between two lock files. */
export interface PackageMove {
  /** Its place in the tree of node_modules. */
  readonly place: string
  readonly name: string
  readonly from: string | null
  readonly to: string | null
  readonly direct: boolean
}

export function movesBetween(before: NpmLock, after: NpmLock, manifest: NpmManifest): readonly PackageMove[] {
  const direct = directRanges(manifest)
  const places = [...new Set([...Object.keys(before.packages), ...Object.keys(after.packages)])].sort()
  return places
    .filter((place) => place.includes('node_modules/'))
    .map((place) => {
      const name = place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length)
      return {
        place,
        name,
        from: before.packages[place]?.version ?? null,
        to: after.packages[place]?.version ?? null,
        direct: place === `node_modules/${name}` && direct.has(name),
      }
    })
    .filter(({ from, to }) => from !== to)
}

/** What people should know about the packages that a lock file brings in. */
export function findingsOf(
  before: NpmLock,
  after: NpmLock,
  moves: readonly PackageMove[],
  registry: string,
): readonly Finding[] {
  const file = 'package-lock.json'
  return moves.flatMap(({ place, name, from, to }): Finding[] => {
    const [old, now] = [before.packages[place], after.packages[place]]
    if (now === undefined || to === null) return []
    const known = old ?? sameName(before, name)
    const findings: Finding[] = []
    if (now.hasInstallScript === true && known?.hasInstallScript !== true)
      findings.push({
        rule: 'dependencies/install-script',
        severity: 'high',
        message: `${name} ${to} runs a script when it is installed, which ${from ?? 'the tree before'} did not`,
        file,
      })
    const [licence, licenceNow] = [licenceOf(known), licenceOf(now)]
    if (known !== undefined && licence !== licenceNow)
      findings.push({
        rule: 'dependencies/licence',
        severity: 'high',
        message: `${name}: the licence goes from ${licence} to ${licenceNow}`,
        file,
      })
    if (now.deprecated !== undefined && now.deprecated !== false)
      findings.push({
        rule: 'dependencies/deprecated',
        severity: 'medium',
        message: `${name} ${to} is deprecated: ${String(now.deprecated).slice(0, 300)}`,
        file,
      })
    if (!isFromRegistry(now, registry))
      findings.push({
        rule: 'dependencies/source',
        severity: 'critical',
        message: `${name} ${to} does not come from the registry, or has no checksum: ${now.resolved ?? 'no address'}`,
        file,
      })
    return findings
  })
}

function sameName(lock: NpmLock, name: string): NpmLock['packages'][string] | undefined {
  return Object.entries(lock.packages).find(([place]) => place.endsWith(`node_modules/${name}`))?.[1]
}

function licenceOf(entry: NpmLock['packages'][string] | undefined): string {
  if (entry?.license === undefined) return 'none'
  return typeof entry.license === 'string' ? entry.license : JSON.stringify(entry.license)
}

export const publicRegistry = 'https://registry.npmjs.org/'

export function isFromRegistry(
  { resolved, integrity, link }: NpmLock['packages'][string],
  registry: string,
): boolean {
  if (link === true) return true
  // Without an address npm asks the configured registry.
  if (resolved === undefined) return integrity !== undefined
  return integrity !== undefined && [publicRegistry, registry].some((prefix) => resolved.startsWith(prefix))
}

/** The newest of the versions that a level allows, or null if there is nothing newer. */
export function newestWithin(
  level: UpdateLevel,
  current: string,
  versions: readonly string[],
): string | null {
  const range = `${level === 'patch' ? '~' : '^'}${current}`
  return versions
    .filter((version) => valid(version) !== null && satisfies(version, range) && gt(version, current))
    .reduce<string | null>((best, version) => (best === null || gt(version, best) ? version : best), null)
}

/** The range that stands for a version in the manner of the old one; null where it cannot be told. */
export function rewrittenRange(range: string, version: string): string | null {
  if (validRange(range) !== null && satisfies(version, range)) return range
  const prefix = /^([~^]?)\d+\.\d+\.\d+$/.exec(range)?.[1]
  return prefix === undefined ? null : `${prefix}${version}`
}

/** Moves of direct dependencies that go back, or further than was asked for. */
export function movesTooFar(
  level: UpdateLevel,
  moves: readonly PackageMove[],
  ranges: ReadonlyMap<string, string>,
): readonly PackageMove[] {
  return moves.filter(({ name, from, to, direct }) => {
    if (!direct || from === null || to === null) return direct
    if (valid(from) === null || valid(to) === null || lt(to, from)) return true
    if (level === 'in-range') return !satisfies(to, ranges.get(name) ?? '')
    return !satisfies(to, `${level === 'patch' ? '~' : '^'}${from}`)
  })
}
