import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { enableCompileCache } from 'node:module'
import path from 'node:path'
import type { FaultlessPolicies } from '../governance/policy/index.ts'

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

/** Policies that were found without a fault when the package was installed, or since; kept beside the compiled code. */
export const faultlessPolicies: FaultlessPolicies = {
  has: (digest) => existsSync(markOf(digest)),
  add: (digest) => {
    try {
      mkdirSync(compiledCode, { recursive: true })
      writeFileSync(markOf(digest), '')
    } catch {
      // Another account's installation: what is not remembered is checked again.
    }
  },
}

function markOf(digest: string): string {
  return path.join(compiledCode, `policies-${digest.replace(':', '-')}`)
}
