import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { z } from 'zod'
import { startAtelier } from '../atelier-process.ts'

export interface ServedStudio {
  readonly url: string
  /** Signs the owner in, once. */
  readonly ownerLink: string
  readonly dataDirectory: string
  close(): Promise<void>
}

const announcement = z.object({ url: z.url(), ownerLink: z.url() })

export interface StudioSettings {
  /** Any free one when absent. */
  readonly port?: number
  readonly environment?: Readonly<Record<string, string>>
  /** Texts by their paths in the data directory, which are there before it starts. */
  readonly files?: Readonly<Record<string, string>>
}

/** A studio of its own in a process of its own, as `atelier serve` starts it on a fresh machine. */
export async function serveStudio(settings: StudioSettings = {}): Promise<ServedStudio> {
  const { port = 0, environment, files = {} } = settings
  const dataDirectory = await mkdtemp(join(tmpdir(), 'atelier-web-'))
  for (const [file, text] of Object.entries(files)) {
    await mkdir(dirname(join(dataDirectory, file)), { recursive: true })
    await writeFile(join(dataDirectory, file), text)
  }
  const studio = startAtelier(dataDirectory, ['serve', '--port', String(port), '--json'], 'cli', environment)
  let text = ''
  const lines = createInterface({ input: studio.child.stdout ?? process.stdin })
  const started = (async () => {
    for await (const line of lines) {
      text += line
      const parsed = announcement.safeParse(tryParse(text))
      if (parsed.success) return parsed.data
    }
    const { stderr } = await studio.finished
    throw new Error(`The studio ended before it served: ${text}${stderr}`)
  })()
  return {
    ...(await started),
    dataDirectory,
    close: async () => {
      studio.child.kill('SIGTERM')
      const { code, stderr } = await studio.finished
      if (code !== 0) throw new Error(`The studio did not end as it should: ${String(code)} ${stderr}`)
      await rm(dataDirectory, { recursive: true, force: true })
    },
  }
}

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
