import { roleSchema } from '../../contracts/index.ts'

/** Names that the studio knows; what else may stand in the database counts for nothing. */
const known = roleSchema.options.map((role) => `'${role}'`).join(', ')

/**
 * Columns `roles`, `project_roles` and `tenant_suspended` of a query about principals: what they hold, by whatever way
 * they came to it.
 * @param tenant and `principal`: SQL expressions for their ids.
 */
export function rolesColumns(tenant: string, principal: string): string {
  return `
    array(select distinct role from principal_roles
           where tenant_id = ${tenant} and principal_id = ${principal} and role in (${known}) order by role) as roles,
    (select coalesce(jsonb_object_agg(project_id, roles), '{}') from (
       select project_id, jsonb_agg(distinct role) as roles from project_roles
        where tenant_id = ${tenant} and principal_id = ${principal} and role in (${known})
        group by project_id) by_project) as project_roles,
    (select state = 'suspended' from tenants where id = ${tenant}) as tenant_suspended`
}
