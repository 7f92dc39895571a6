import { mkdir, open, readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { checkpointSchema } from './checkpoint.ts'
import type { Checkpoint } from './checkpoint.ts'
import { auditErrors } from './errors.ts'

/** Checkpoints kept outside of the database, where an attacker who has only the database cannot remove them. */
export interface CheckpointFile {
  /** @throws ATL_AUDIT_CHECKPOINT_FILE */
  append(checkpoint: Checkpoint): Promise<void>
  /** @throws ATL_AUDIT_CHECKPOINT_FILE */
  read(): Promise<readonly Checkpoint[]>
}

/** JSON Lines. Lines that a crash cut short are passed over: a missing checkpoint proves less, never something false. */
export function createCheckpointFile(file: string): CheckpointFile {
  return {
    append: async (checkpoint) => {
      try {
        await mkdir(dirname(file), { recursive: true, mode: 0o700 })
        const handle = await open(file, 'a', 0o600)
        try {
          // The line break before the line ends one that a crash may have cut short.
          await handle.write(`\n${JSON.stringify(checkpoint)}\n`)
          await handle.sync()
        } finally {
          await handle.close()
        }
      } catch (cause) {
        throw auditErrors.CHECKPOINT_FILE({ detail: file, cause })
      }
    },
    read: async () => {
      let text: string
      try {
        text = await readFile(file, 'utf8')
      } catch (cause) {
        if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return []
        throw auditErrors.CHECKPOINT_FILE({ detail: file, cause })
      }
      return text.split('\n').flatMap((line) => {
        const checkpoint = parseCheckpoint(line)
        return checkpoint === undefined ? [] : [checkpoint]
      })
    },
  }
}

function parseCheckpoint(line: string): Checkpoint | undefined {
  try {
    return checkpointSchema.safeParse(JSON.parse(line)).data
  } catch {
    return undefined
  }
}
