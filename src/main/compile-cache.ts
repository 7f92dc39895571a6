import { enableCompileCache } from 'node:module'
import path from 'node:path'

/** Where compiled code is kept: beside the code, since whoever may write there could write the code itself. */
export const compiledCode = path.join(import.meta.dirname, '../../node_modules/.cache/atelier')

/**
 * Keeps compiled code from one command to the next, so that the second starts in half the time. Where nothing can be
 * written, Node.js compiles every time.
 *
 * Call it before anything large is imported.
 */
export function cacheCompiledCode(): void {
  enableCompileCache(compiledCode)
}
