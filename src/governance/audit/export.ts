import { z } from 'zod'
import type { TenantId } from '../../kernel/index.ts'
import { ChainVerifier } from './chain.ts'
import type { ChainReport } from './chain.ts'
import { checkpointSchema, verifyCheckpoints } from './checkpoint.ts'
import { auditErrors } from './errors.ts'
import { trustedKeys } from './signing-key.ts'
import type { TrustedKeys } from './signing-key.ts'

const headerSchema = z.object({
  format: z.literal('atelier-audit/1'),
  tenantId: z.string(),
  head: z.object({ seq: z.int().nonnegative(), hash: z.string() }),
  checkpoints: z.array(checkpointSchema),
  publicKey: z.string(),
})

const lineSchema = z.object({ seq: z.int(), entry: z.string(), hash: z.string(), record: z.string() })

/**
 * Verifies an exported log without database or network. Without `keys` the key named in the file is believed, which
 * shows accidents but not a forger who signs with a key of their own; `keyTrusted` says which it was.
 *
 * @throws ATL_AUDIT_EXPORT_INVALID when the file is something else.
 */
export async function verifyAuditExport(
  lines: AsyncIterable<string> | Iterable<string>,
  keys?: TrustedKeys,
): Promise<ChainReport & { readonly keyTrusted: boolean }> {
  let verifier: ChainVerifier | undefined
  let head: z.infer<typeof headerSchema>['head'] | undefined
  for await (const line of lines) {
    if (line.trim() === '') continue
    if (verifier === undefined) {
      const header = parseHeader(line)
      const tenantId = header.tenantId as TenantId
      head = header.head
      verifier = new ChainVerifier(
        tenantId,
        verifyCheckpoints(tenantId, header.checkpoints, keys ?? trustedKeys([header.publicKey])),
      )
    } else verifier.add(parseLine(line) ?? { seq: verifier.nextSeq, entry: line, hash: '', record: null })
  }
  if (verifier === undefined) throw auditErrors.EXPORT_INVALID({ detail: 'it is empty' })
  const report = verifier.finish(head?.seq === 0 ? undefined : head)
  return { ...report, keyTrusted: keys !== undefined }
}

function parseHeader(line: string): z.infer<typeof headerSchema> {
  try {
    return headerSchema.parse(JSON.parse(line))
  } catch (cause) {
    throw auditErrors.EXPORT_INVALID({ detail: 'its first line does not describe a log', cause })
  }
}

/** A line that is no record still stands in the place of one, which is then reported as changed. */
function parseLine(line: string): z.infer<typeof lineSchema> | undefined {
  try {
    return lineSchema.safeParse(JSON.parse(line)).data
  } catch {
    return undefined
  }
}
