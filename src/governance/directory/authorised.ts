import type { Caller, Principal } from '../../contracts/index.ts'
import type { Tx } from '../../store/index.ts'
import type { Administration } from '../door/index.ts'

type Intention = Parameters<Administration['authorise']>[0]['intention']
export type DirectoryAction = Extract<
  Intention,
  { readonly resource: { readonly kind: 'directory' } }
>['action']

/** What changes people and credentials: each change is asked about, recorded, and done in one transaction. */
export async function authorised<T>(
  administration: Administration,
  caller: Caller,
  intention: Intention,
  detail: Readonly<Record<string, unknown>>,
  work: (tx: Tx, actor: Principal) => Promise<T>,
): Promise<T> {
  const { principal, via, credentialId } = caller
  let done: { readonly value: T } | undefined
  await administration.authorise(
    {
      principal,
      tenantId: principal.tenantId,
      intention,
      runId: null,
      detail: { ...detail, via, ...(credentialId !== null && { credentialId }) },
    },
    async (tx, actor) => {
      done = { value: await work(tx, actor) }
    },
  )
  if (done === undefined) throw new Error('an authorised change was not made')
  return done.value
}

/** The tenant's directory as what policies are asked about. */
export function directoryOf({ principal }: Caller) {
  return { kind: 'directory', tenantId: principal.tenantId } as const
}
