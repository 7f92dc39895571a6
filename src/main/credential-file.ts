import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { hostErrors } from './errors.ts'

const fileSchema = z.strictObject({
  servers: z.record(z.url(), z.strictObject({ token: z.string(), principal: z.string() })).default({}),
  /** Where commands go that name no studio. */
  default: z.url().optional(),
})

interface StoredSignIn {
  readonly token: string
  readonly principal: string
}

/** The sign-ins by the address of the studio, and the studio that is meant where none is named. */
interface StoredSignIns {
  readonly servers: Readonly<Record<string, StoredSignIn>>
  readonly default?: string | undefined
}

/** Where this account of the operating system is signed in; readable by nobody else. */
export interface CredentialFile {
  /** By the address of a studio. @throws ATL_HOST_CREDENTIALS_UNREADABLE */
  read(): Promise<StoredSignIns>
  /** Signs in, for commands that name no studio too where it is to be the default. @throws ATL_HOST_CREDENTIALS_UNREADABLE */
  put(server: string, signIn: StoredSignIn, isDefault: boolean): Promise<void>
  /** @throws ATL_HOST_CREDENTIALS_UNREADABLE */
  remove(server: string): Promise<void>
}

export function createCredentialFile(file: string): CredentialFile {
  const read = async (): Promise<StoredSignIns> => {
    try {
      return fileSchema.parse(JSON.parse(await readFile(file, 'utf8')))
    } catch (cause) {
      if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return { servers: {} }
      throw hostErrors.CREDENTIALS_UNREADABLE({ detail: file, cause })
    }
  }
  const write = async (content: StoredSignIns): Promise<void> => {
    const draft = `${file}.draft`
    try {
      await mkdir(path.dirname(file), { recursive: true, mode: 0o700 })
      await writeFile(draft, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 })
      // One that was there before keeps the mode it had.
      await chmod(draft, 0o600)
      await rename(draft, file)
    } catch (cause) {
      throw hostErrors.CREDENTIALS_UNREADABLE({ detail: file, cause })
    }
  }
  return {
    read,
    put: async (server, signIn, isDefault) => {
      const { servers, default: before } = await read()
      await write({ servers: { ...servers, [server]: signIn }, default: isDefault ? server : before })
    },
    remove: async (server) => {
      const { servers, default: before } = await read()
      const others = Object.fromEntries(Object.entries(servers).filter(([name]) => name !== server))
      await write({ servers: others, default: before === server ? undefined : before })
    },
  }
}
