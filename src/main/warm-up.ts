import { flushCompileCache } from 'node:module'
import { cacheCompiledCode } from './compile-cache.ts'

/**
 * Compiles what commands and a studio load, when the package is installed, so that the first start takes no longer than
 * those after it. An installation is complete without.
 */
cacheCompiledCode()
try {
  const [{ loadServing }] = await Promise.all([
    import('../api/index.ts'),
    import('../cli/index.ts'),
    import('./assembly.ts'),
    import('./serve.ts'),
  ])
  await loadServing()
  flushCompileCache()
} catch (error) {
  console.log('atelier: nothing was compiled beforehand, so the first start takes longer.', error)
}
