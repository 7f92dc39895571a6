import type { CreatedAt } from '../../store/index.ts'

declare module '../../store/tables.ts' {
  interface Tables {
    idempotency_keys: IdempotencyKeysTable
  }
}

/** Answers that were given, to give them again. */
interface IdempotencyKeysTable {
  tenant_id: string
  principal_id: string
  key: string
  operation: string
  /** Digest of what was asked. */
  request: string
  /** Null while it is being answered. */
  status: number | null
  /** JSON text; null where there is none, or where it holds a secret. */
  answer: string | null
  locked_at: Date
  created_at: CreatedAt
}
