import { z } from 'zod'
import { type Digest, digestOfValue } from '../../kernel/index.ts'
import { identityOf, type McpServer, toolNameSchema } from './configuration.ts'

const jsonObjectSchema = z.record(z.string(), z.json())

/** Bytes of one definition as JSON. */
const longestDefinition = 64_000

/** What a server says about a tool: all that a model is shown or that decides what a call looks like. */
export const toolDefinitionSchema = z
  .object({
    name: toolNameSchema,
    title: z.string().max(500).optional(),
    description: z.string().max(16_000).default(''),
    inputSchema: jsonObjectSchema,
    outputSchema: jsonObjectSchema.optional(),
    annotations: jsonObjectSchema.optional(),
  })
  .refine((definition) => JSON.stringify(definition).length <= longestDefinition, 'it is too long')
export type ToolDefinition = z.infer<typeof toolDefinitionSchema>

/** What people accept: the definition, from exactly this server. */
export function definitionDigest(server: McpServer, definition: ToolDefinition): Digest {
  return digestOfValue({ server: identityOf(server), definition })
}
