import type { TenantId } from '../../../kernel/index.ts'
import type { Services } from '../../services/index.ts'
import type { Handlers } from '../handler.ts'

type TenantHandlers = Pick<
  Handlers,
  'listTenants' | 'createTenant' | 'getTenant' | 'changeTenant' | 'deleteTenant'
>

export function tenantHandlers({ tenants, linkOf }: Services): TenantHandlers {
  return {
    listTenants: async ({ caller, query }) => {
      const { items, next } = await tenants.list(caller, query)
      return { items: items.map(view), next }
    },
    createTenant: async ({ caller, body }) => {
      const { tenant, code } = await tenants.create(caller, body)
      return { tenant: view(tenant), link: linkOf(code) }
    },
    getTenant: async ({ caller, params }) => view(await tenants.get(caller, idOf(params))),
    changeTenant: async ({ caller, params, body }) => view(await tenants.change(caller, idOf(params), body)),
    deleteTenant: ({ caller, params }) => tenants.delete(caller, idOf(params)),
  }
}

function idOf({ tenantId }: { readonly tenantId: string }): TenantId {
  return tenantId as TenantId
}

function view<T extends { readonly createdAt: Date }>({ createdAt, ...tenant }: T) {
  return { ...tenant, createdAt: createdAt.toISOString() }
}
