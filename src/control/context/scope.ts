import type { Scope } from '../../store/index.ts'

/** In whose name the index is read and written. */
export type TenantScope = Extract<Scope, { kind: 'tenant' }>
