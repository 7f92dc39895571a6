import type { Services } from '../../services/index.ts'
import { httpErrors } from '../errors.ts'
import type { Handlers } from '../handler.ts'
import { positionOf } from './position.ts'

type AuditHandlers = Pick<Handlers, 'listAuditRecords' | 'getAuditRecord' | 'checkAuditChain'>

export function auditHandlers({ audit }: Pick<Services, 'audit'>): AuditHandlers {
  return {
    listAuditRecords: async ({ caller, query: { after, limit, since, until, ...wanted } }) => {
      const filters = {
        ...definedOf(wanted),
        ...(since === undefined ? {} : { since: new Date(since) }),
        ...(until === undefined ? {} : { until: new Date(until) }),
      }
      const { items, next } = await audit.list(caller, filters, { before: positionOf(after), limit })
      return { items, next: next === null ? null : String(next) }
    },
    getAuditRecord: ({ caller, params }) => audit.get(caller, params.seq),
    checkAuditChain: async ({ caller, lastEventId }) => {
      refuseResumption(lastEventId)
      return counted(audit.check(caller), (data) => data)
    },
  }
}

async function* counted<T, D>(
  parts: AsyncIterable<T>,
  dataOf: (part: T) => D,
): AsyncGenerator<{ readonly id: string; readonly data: D }> {
  let id = 0
  for await (const part of parts) yield { id: String((id += 1)), data: dataOf(part) }
}

/** What was not asked for is left out, as opposed to being asked for as nothing. */
function definedOf<T extends object>(value: T): { readonly [K in keyof T]?: NonNullable<T[K]> } {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as {
    readonly [K in keyof T]?: NonNullable<T[K]>
  }
}

/** The chain may have grown since: a part of this answer does not go with a part of another. @throws ATL_API_REQUEST_INVALID */
function refuseResumption(lastEventId: string | undefined): void {
  if (lastEventId === undefined) return
  throw httpErrors.REQUEST_INVALID({ detail: 'this stream cannot be resumed; begin it again' })
}
