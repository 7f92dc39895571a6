import { existsSync, readdirSync } from 'node:fs'
import { mkdir, readFile, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import type { BackupSummary } from '../cli/index.ts'
import { AtelierError } from '../kernel/index.ts'
import {
  type CopiedFile,
  copyFolder,
  copyRunningDatabase,
  createFile,
  makeDurable,
  restoreDatabase,
  storeErrors,
} from '../store/index.ts'
import type { Configuration } from './configuration.ts'
import { makeDataDirectory } from './data-directory.ts'
import { openDatabase } from './database.ts'
import { hostErrors } from './errors.ts'
import { createFileLogger } from './logger.ts'

const manifestSchema = z.strictObject({
  format: z.literal(1),
  /** Version of the studio that wrote it. */
  studio: z.string(),
  /** ISO 8601. */
  startedAt: z.iso.datetime(),
  files: z.array(z.strictObject({ path: z.string(), size: z.int(), digest: z.string() })),
})

const manifestName = 'manifest.json'

/** What the studio makes anew, or what belongs to a running process. */
const remade = new Set(['postgresql', 'sandboxes', 'logs'])

/** What has to be older than the database: a checkpoint that is ahead of it would look like an attack on it. */
const before = new Set(['audit-checkpoints.jsonl'])

/**
 * Writes everything that the studio is into a folder of its own, while it works: the database, the keys, the git
 * repositories. What refers to something else is copied before it, so that the copy is whole.
 * @throws ATL_HOST_BACKUP_OCCUPIED, ATL_HOST_BACKUP_EXTERNAL, errors of STORE and EMBEDDED.
 */
export async function backUp(
  configuration: Configuration,
  folder: string,
  version: string,
): Promise<BackupSummary> {
  const { dataDirectory, databaseUrl } = configuration
  if (databaseUrl !== undefined) throw hostErrors.BACKUP_EXTERNAL()
  if (!existsSync(path.join(dataDirectory, 'postgresql')))
    throw hostErrors.BACKUP_NOTHING({ detail: dataDirectory })
  await makeEmptyFolder(folder)
  for (let attempt = 1; ; attempt++) {
    try {
      return await copyStudio(configuration, folder, version)
    } catch (error) {
      const ended = error instanceof AtelierError && error.code === storeErrors.UNAVAILABLE.code
      if (!ended || attempt === attempts) throw error
      // The process whose server it was came to its end; the next attempt finds another one, or starts it.
      await Promise.all(
        readdirSync(folder).map((name) => rm(path.join(folder, name), { recursive: true, force: true })),
      )
    }
  }
}

const attempts = 3

async function copyStudio(
  configuration: Configuration,
  folder: string,
  version: string,
): Promise<BackupSummary> {
  const { dataDirectory } = configuration
  const startedAt = new Date().toISOString()
  const server = await openDatabase(configuration, 'look', createFileLogger(dataDirectory))
  try {
    const state = path.join(folder, 'state')
    const copyState = async (skip: (name: string) => boolean): Promise<CopiedFile[]> =>
      below('state', await copyFolder(dataDirectory, state, skip))
    const files = [
      ...(await copyState((name) => !before.has(name))),
      ...below('database', await copyRunningDatabase(server.target, path.join(folder, 'database'))),
      ...(await copyState((name) => remade.has(name) || before.has(name))),
    ]
    const manifest = { format: 1, studio: version, startedAt, files } satisfies z.input<typeof manifestSchema>
    // Under its name when all else is there: a folder without it is no backup.
    const unnamed = path.join(folder, `.${manifestName}`)
    await createFile(unnamed, JSON.stringify(manifest))
    await makeDurable(folder)
    await rename(unnamed, path.join(folder, manifestName))
    await makeDurable(folder)
    return summarise(folder, manifest)
  } finally {
    await server.close()
  }
}

/**
 * Makes a data directory from a backup. Every file is compared with the manifest; the database comes last, so that an
 * interrupted restoration leaves nothing that looks complete.
 * @throws ATL_HOST_BACKUP_INVALID, ATL_HOST_BACKUP_OCCUPIED, errors of EMBEDDED.
 */
export async function restore({ dataDirectory }: Configuration, folder: string): Promise<BackupSummary> {
  const manifest = await readManifest(folder)
  await makeEmptyFolder(dataDirectory)
  makeDataDirectory(dataDirectory)
  const expected = (part: string): CopiedFile[] =>
    manifest.files.flatMap((file) =>
      file.path.startsWith(`${part}/`) ? [{ ...file, path: file.path.slice(part.length + 1) }] : [],
    )
  compare(expected('state'), await copyFolder(path.join(folder, 'state'), dataDirectory))
  await restoreDatabase(path.join(folder, 'database'), path.join(dataDirectory, 'postgresql'), (files) =>
    compare(expected('database'), files),
  )
  return summarise(folder, manifest)
}

async function readManifest(folder: string): Promise<z.infer<typeof manifestSchema>> {
  const file = path.join(folder, manifestName)
  try {
    return manifestSchema.parse(JSON.parse(await readFile(file, 'utf8')))
  } catch (cause) {
    throw hostErrors.BACKUP_INVALID({ detail: `${file} is missing or no manifest`, cause })
  }
}

function compare(expected: readonly CopiedFile[], found: readonly CopiedFile[]): void {
  const digests = new Map(found.map(({ path: name, digest }) => [name, digest]))
  const wrong = expected.filter(({ path: name, digest }) => digests.get(name) !== digest)
  const names = new Set(expected.map(({ path: name }) => name))
  const extra = found.filter(({ path: name }) => !names.has(name))
  const [first] = [...wrong, ...extra]
  if (first === undefined) return
  const others = wrong.length + extra.length - 1
  throw hostErrors.BACKUP_INVALID({
    detail: `${first.path} is not as it was written${others > 0 ? `, nor are ${others} others` : ''}`,
  })
}

async function makeEmptyFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  if (readdirSync(folder).length > 0) throw hostErrors.BACKUP_OCCUPIED({ detail: folder })
}

function below(part: string, files: readonly CopiedFile[]): CopiedFile[] {
  return files.map((file) => ({ ...file, path: `${part}/${file.path}` }))
}

function summarise(folder: string, { startedAt, files }: z.infer<typeof manifestSchema>): BackupSummary {
  return { folder, startedAt, files: files.length, bytes: files.reduce((sum, { size }) => sum + size, 0) }
}
