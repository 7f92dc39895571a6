import { z } from 'zod'
import { workItemSchema } from '../index.ts'
import { defineOperation } from './operation.ts'

const readsCode = { action: 'read-code', resource: 'repository' } as const
const kindSchema = z.enum(['source', 'test', 'documentation', 'configuration', 'other'])

const question = {
  /** One that the tenant has a project or a work item for. */
  repository: workItemSchema.shape.repository,
  /** Whether the revision is indexed first; else the newest commit before it that is indexed answers. */
  fresh: z.boolean().default(true),
}

const answered = {
  repository: z.string(),
  /** The commit that the revision means now. */
  asked: z.string(),
  /** The commit that the answer is about. */
  commit: z.string(),
  indexing: z.boolean(),
}

const lines = { path: z.string(), startLine: z.int(), endLine: z.int() }
const roleSchema = z.enum(['suspect', 'rules', 'decision', 'test', 'code', 'neighbour'])
const symbolSchema = z.object({ ...lines, within: z.array(z.string()), signature: z.string() })

export const indexCode = defineOperation({
  id: 'indexCode',
  method: 'POST',
  path: '/api/v1/code/index',
  tag: 'code',
  summary: 'Index a revision of a repository; only what no indexed commit has is read',
  access: readsCode,
  body: z.strictObject({ repository: question.repository }),
  timeoutMs: 300_000,
  answer: {
    200: z.object({
      repository: z.string(),
      commit: z.string(),
      files: z.int(),
      read: z.int(),
      syntaxErrors: z.int(),
      lines: z.int(),
      /** Files by what was made of them. */
      outcomes: z.record(z.string(), z.int()),
      notes: z.array(z.string()),
    }),
  },
})

export const searchCode = defineOperation({
  id: 'searchCode',
  method: 'POST',
  path: '/api/v1/code/search',
  tag: 'code',
  summary: 'The files that a question is about, best first, each with its lines and the reasons',
  access: readsCode,
  body: z.strictObject({
    ...question,
    words: z.string().min(1).max(2000),
    kinds: z.array(kindSchema).min(1).max(kindSchema.options.length).default(['source']),
    limit: z.int().min(1).max(150).default(10),
  }),
  timeoutMs: 300_000,
  answer: {
    200: z.object({
      ...answered,
      hits: z.array(
        z.object({
          ...lines,
          symbols: z.array(z.string()),
          signature: z.string(),
          score: z.number(),
          why: z.object({
            features: z.array(z.object({ name: z.string(), contribution: z.number() })),
            terms: z.array(z.object({ term: z.string(), fields: z.array(z.string()) })),
            edges: z.array(
              z.object({ kind: z.enum(['imports', 'imported-by', 'changed-with']), path: z.string() }),
            ),
            pastCommit: z.string().nullable(),
          }),
        }),
      ),
    }),
  },
})

export const assembleCodeContext = defineOperation({
  id: 'assembleCodeContext',
  method: 'POST',
  path: '/api/v1/code/context',
  tag: 'code',
  summary: 'What to read for an issue, within a budget of tokens',
  access: readsCode,
  body: z.strictObject({
    ...question,
    issue: z.object({ title: workItemSchema.shape.title, body: workItemSchema.shape.body }),
    tokens: z.int().min(1).max(1_000_000).default(16_000),
  }),
  timeoutMs: 300_000,
  answer: {
    200: z.object({
      ...answered,
      budget: z.int(),
      tokens: z.int(),
      /** The most important first and last. */
      pieces: z.array(
        z.object({
          ...lines,
          commit: z.string(),
          kind: kindSchema,
          role: roleSchema,
          symbols: z.array(z.string()),
          header: z.string(),
          text: z.string(),
          tokens: z.int(),
          why: z.array(z.string()),
        }),
      ),
      leftOut: z.array(
        z.object({
          ...lines,
          role: roleSchema,
          tokens: z.int(),
          reason: z.enum(['no-room', 'not-indexed']),
        }),
      ),
    }),
  },
})

export const findSymbol = defineOperation({
  id: 'findSymbol',
  method: 'POST',
  path: '/api/v1/code/symbol',
  tag: 'code',
  summary: 'Where a name is defined and where it is used',
  access: readsCode,
  body: z.strictObject({
    ...question,
    name: z.string().min(1).max(500),
    limit: z.int().min(1).max(150).default(20),
  }),
  timeoutMs: 300_000,
  answer: {
    200: z.object({ ...answered, definitions: z.array(symbolSchema), references: z.array(symbolSchema) }),
  },
})
