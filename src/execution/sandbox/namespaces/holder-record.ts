import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { isMissing } from '../layer-files.ts'
import { killProcess, readProcess } from '../process-tree.ts'

const recordSchema = z.object({ pid: z.number().int().gt(1), startTime: z.string().min(1) })
const fileName = 'holder.json'

/** Notes which process holds a sandbox's namespaces, for whoever cleans up after a crash. */
export async function recordHolder(directory: string, pid: number): Promise<void> {
  const startTime = readProcess(pid)?.startTime ?? ''
  await writeFile(join(directory, fileName), JSON.stringify({ pid, startTime }))
}

/**
 * Ends the recorded holder, should it still live. As a rule it ended together with the studio, whose pipe it reads.
 * Its start time tells it from another process that was given the same number.
 */
export async function endRecordedHolder(directory: string): Promise<void> {
  let content: string
  try {
    content = await readFile(join(directory, fileName), 'utf8')
  } catch (error) {
    if (isMissing(error)) return
    throw error
  }
  const { pid, startTime } = recordSchema.parse(JSON.parse(content))
  const lives = (): boolean => {
    const found = readProcess(pid)
    return found !== null && found.state !== 'Z' && found.startTime === startTime
  }
  if (lives()) killProcess(pid)
  for (let round = 0; round < 500 && lives(); round += 1) await sleep(10)
}
