import { z } from 'zod'

/** Untrusted text from outside; it is data wherever it travels, never an instruction. */
const untrustedTextSchema = z.string().max(1_000_000)

const repositoryRefSchema = z.object({
  /** A path, a bare repository or an URL that git understands. */
  location: z.string().min(1).max(4096),
  /** Branch, tag or commit to start from; the remote's HEAD when absent. */
  revision: z.string().min(1).max(256).optional(),
})

/** The kinds of work; all but `repair` are done by the project's own tools or by the package manager. */
export type WorkKind = 'repair' | 'lint-fix' | 'format' | 'codemod' | 'dependency-update'

/** A path inside the repository, in its shortest form. */
const insidePathSchema = z
  .string()
  .max(1024)
  .regex(
    /^(?![/-])(?!.*(?:^|\/)\.{1,2}(?:\/|$))[^\0\\]+$/,
    'a path inside the repository, relative to its root',
  )
/** Files or folders that the work is limited to; everything when empty. */
const pathsSchema = z.array(insidePathSchema).max(100).default([])
/** A package of npm or of PyPI. */
const packageNameSchema = z
  .string()
  .max(214)
  .regex(/^(?:@[\w.~-]+\/)?[\w.~][\w.~-]*$/, 'the name of a package')

export const labelsSchema = z.array(z.string().min(1).max(100)).max(50).default([])

const updateLevelSchema = z.enum(['in-range', 'patch', 'minor'])
export type UpdateLevel = z.infer<typeof updateLevelSchema>

/** What is to be done, and with which particulars. A person says so; text from outside may only ask for the harmless. */
export const workTaskSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('repair') }),
  z.strictObject({ kind: z.literal('lint-fix'), paths: pathsSchema }),
  z.strictObject({ kind: z.literal('format'), paths: pathsSchema }),
  z.strictObject({
    kind: z.literal('codemod'),
    paths: pathsSchema,
    /** The rule itself, as ast-grep reads it, or the path or id of one in the repository. */
    rule: z.discriminatedUnion('from', [
      z.strictObject({ from: z.literal('text'), text: z.string().min(1).max(65_536) }),
      z.strictObject({ from: z.literal('repository'), name: insidePathSchema }),
    ]),
  }),
  z.strictObject({
    kind: z.literal('dependency-update'),
    /** `in-range`: what the manifest allows already; `patch`, `minor`: newer than that, but no further. */
    level: updateLevelSchema.default('in-range'),
    /** Only these direct dependencies; all when empty. */
    packages: z.array(packageNameSchema).max(200).default([]),
  }),
])
export type WorkTask = z.infer<typeof workTaskSchema>

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
  task: workTaskSchema.default({ kind: 'repair' }),
  /** Why this kind of work, where it was read from the text. */
  taskReason: z.string().optional(),
  /** Labels of the tracker, or given with the work. They steer who tries it first, never what is allowed. */
  labels: labelsSchema,
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
