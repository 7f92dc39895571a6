import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { hostErrors } from './errors.ts'

const fileSchema = z.strictObject({
  servers: z.record(z.url(), z.strictObject({ token: z.string(), principal: z.string() })).default({}),
})

interface StoredSignIn {
  readonly token: string
  readonly principal: string
}

/** Where this account of the operating system is signed in; readable by nobody else. */
export interface CredentialFile {
  /** By the address of a studio. @throws ATL_HOST_CREDENTIALS_UNREADABLE */
  read(): Promise<Readonly<Record<string, StoredSignIn>>>
  /** Puts or, with undefined, takes away. @throws ATL_HOST_CREDENTIALS_UNREADABLE */
  set(server: string, signIn: StoredSignIn | undefined): Promise<void>
}

export function createCredentialFile(file: string): CredentialFile {
  const read = async (): Promise<Readonly<Record<string, StoredSignIn>>> => {
    try {
      return fileSchema.parse(JSON.parse(await readFile(file, 'utf8'))).servers
    } catch (cause) {
      if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return {}
      throw hostErrors.CREDENTIALS_UNREADABLE({ detail: file, cause })
    }
  }
  return {
    read,
    set: async (server, signIn) => {
      const { [server]: _replaced, ...others } = await read()
      const servers = signIn === undefined ? others : { ...others, [server]: signIn }
      const draft = `${file}.draft`
      try {
        await mkdir(path.dirname(file), { recursive: true, mode: 0o700 })
        await writeFile(draft, `${JSON.stringify({ servers }, null, 2)}\n`, { mode: 0o600 })
        // One that was there before keeps the mode it had.
        await chmod(draft, 0o600)
        await rename(draft, file)
      } catch (cause) {
        throw hostErrors.CREDENTIALS_UNREADABLE({ detail: file, cause })
      }
    },
  }
}
