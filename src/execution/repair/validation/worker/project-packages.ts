import { createRequire } from 'node:module'
import { join } from 'node:path'

/**
 * Loads a package that the project's test framework brings: from the project itself, or through the packages that
 * depend on it, wherever the package manager has put it. Undefined where there is none.
 *
 * @param chain packages from the framework down to the one wanted, such as `jest`, `jest-circus`
 */
export function loadProjectPackage(directory: string, name: string, chain: readonly string[] = []): unknown {
  const roots = [createRequire(join(directory, 'package.json'))]
  for (const link of chain) {
    for (const from of [...roots]) {
      const next = requireOf(from, link)
      if (next !== undefined) roots.push(next)
    }
  }
  for (const from of roots.reverse()) {
    try {
      return from(name) as unknown
    } catch {
      // Not reachable from here.
    }
  }
  return undefined
}

function requireOf(from: NodeJS.Require, name: string): NodeJS.Require | undefined {
  for (const entry of [`${name}/package.json`, name]) {
    try {
      return createRequire(from.resolve(entry))
    } catch {
      // Its entry may be hidden; the other way may work.
    }
  }
  return undefined
}

/** The named export of a package, or of what its default export holds. */
export function exportOf(loaded: unknown, name: string): unknown {
  if (typeof loaded !== 'object' && typeof loaded !== 'function') return undefined
  if (loaded === null) return undefined
  const own = Reflect.get(loaded, name) as unknown
  if (own !== undefined) return own
  const inner = Reflect.get(loaded, 'default') as unknown
  return typeof inner === 'object' && inner !== null ? (Reflect.get(inner, name) as unknown) : undefined
}
