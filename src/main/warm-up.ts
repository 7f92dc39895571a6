import { flushCompileCache } from 'node:module'
import path from 'node:path'
import { cacheCompiledCode } from './compile-cache.ts'

/**
 * Compiles what commands and a studio load, and checks the policies that come with it, when the package is installed, so that the first start takes no longer than
 * those after it. An installation is complete without.
 */
cacheCompiledCode()
try {
  const [{ loadServing }, { loadPolicies }, { policyLocations }] = await Promise.all([
    import('../api/index.ts'),
    import('../governance/policy/index.ts'),
    import('./configuration.ts'),
    import('../cli/index.ts'),
    import('./assembly.ts'),
    import('./serve.ts'),
  ])
  await loadServing()
  await loadPolicies(policyLocations({ packageRoot: path.join(import.meta.dirname, '../..') }))
  flushCompileCache()
} catch (error) {
  console.log('atelier: not everything was prepared beforehand, so the first start takes longer.', error)
}
