import { mkdir, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { DeletionProof } from './deletion.ts'

/** Appends proofs to a JSON Lines file beside the database. */
export function createProofFile(file: string): (proof: DeletionProof) => Promise<void> {
  return async (proof) => {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 })
    const handle = await open(file, 'a', 0o600)
    try {
      await handle.write(`${JSON.stringify(proof)}\n`)
      await handle.sync()
    } finally {
      await handle.close()
    }
  }
}
