import { z } from 'zod'

/** Untrusted text from outside; it is data wherever it travels, never an instruction. */
const untrustedTextSchema = z.string().max(1_000_000)

const repositoryRefSchema = z.object({
  /** A path, a bare repository or an URL that git understands. */
  location: z.string().min(1).max(4096),
  /** Branch, tag or commit to start from; the remote's HEAD when absent. */
  revision: z.string().min(1).max(256).optional(),
})

export const workItemSchema = z.object({
  id: z.string(),
  title: z.string().max(500),
  body: untrustedTextSchema,
  /** Where it came from, for example `cli` or `github:owner/name#12`. */
  source: z.string(),
  /** Principal id of the person who asked. */
  reporter: z.string(),
  repository: repositoryRefSchema,
  /** The project's own test command, when the person named one. */
  testCommand: z.string().max(4096).optional(),
  createdAt: z.iso.datetime(),
})
export type WorkItem = z.infer<typeof workItemSchema>

/** What a work item asks for, normalised by code (C1). Everything in it comes from outside and stays data. */
export const intentSchema = z.object({
  kind: z.enum(['bug', 'other']),
  goal: z.string(),
  acceptanceCriteria: z.array(z.string()),
  files: z.array(z.string()),
  symbols: z.array(z.string()),
  tests: z.array(z.string()),
  stackFrames: z.array(
    z.object({ file: z.string(), line: z.int().positive(), symbol: z.string().optional() }),
  ),
  snippets: z.array(z.object({ language: z.string(), code: z.string() })),
  commands: z.array(z.string()),
})
export type Intent = z.infer<typeof intentSchema>
