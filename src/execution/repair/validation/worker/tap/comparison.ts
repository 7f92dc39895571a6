import { createRequire } from 'node:module'
import { join } from 'node:path'

type Compare = (found: unknown, wanted: unknown) => boolean

/** How the project's version of tap compares values. */
export interface TapComparison {
  readonly same: Compare
  readonly strict: Compare
  readonly match: Compare
  readonly has: Compare
  readonly hasStrict: Compare
  readonly format: (value: unknown) => string
  /** Major version: hooks take a callback before 15, snapshots are named differently before 15. */
  readonly major: number
}

type Result = { readonly match: boolean }
type TcompareFunction = (found: unknown, wanted: unknown) => Result

interface Tcompare {
  readonly same: TcompareFunction
  readonly strict: TcompareFunction
  readonly match: TcompareFunction
  readonly has: TcompareFunction
  readonly hasStrict: TcompareFunction
  readonly format: (value: unknown, options: object) => string
}

/** Loads the comparison library that the project's tap uses itself: tcompare, or tsame and tmatch before tap 13. */
export function loadComparison(root: string): TapComparison {
  const fromProject = createRequire(join(root, 'package.json'))
  const manifest = fromProject('tap/package.json') as { readonly version: string }
  const major = Number.parseInt(manifest.version, 10)
  const fromTap = createRequire(fromProject.resolve('tap/package.json'))
  const tcompare = firstOf(
    () => [fromTap, viaPackage(fromTap, 'libtap'), viaPackage(fromTap, '@tapjs/asserts')],
    'tcompare',
  )
  if (tcompare !== undefined) return { major, ...fromTcompare(tcompare as Tcompare) }
  const same = fromTap('tsame') as Compare & { readonly strict: Compare }
  const match = fromTap('tmatch') as Compare
  return { major, same, strict: same.strict, match, has: match, hasStrict: match, format: String }
}

function fromTcompare(tcompare: Tcompare): Omit<TapComparison, 'major'> {
  const compare =
    (name: 'same' | 'strict' | 'match' | 'has' | 'hasStrict'): Compare =>
    (found, wanted) =>
      tcompare[name](found, wanted).match
  return {
    same: compare('same'),
    strict: compare('strict'),
    match: compare('match'),
    has: compare('has'),
    hasStrict: compare('hasStrict'),
    format: (value) => tcompare.format(value, { sort: true }),
  }
}

function viaPackage(from: NodeJS.Require, name: string): NodeJS.Require | undefined {
  try {
    return createRequire(from.resolve(name))
  } catch {
    return undefined
  }
}

function firstOf(requires: () => readonly (NodeJS.Require | undefined)[], name: string): unknown {
  for (const from of requires()) {
    try {
      if (from !== undefined) return from(name) as unknown
    } catch {
      // Not a dependency of this one.
    }
  }
  return undefined
}
