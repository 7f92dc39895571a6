/**
 * Addresses of one database. With `owner` alone (a `DATABASE_URL`) every transaction steps down to the role it needs;
 * with the others the studio logs in as these roles, and no statement can step up again.
 */
export interface DatabaseTarget {
  /** `postgresql://…` of a user who owns the schema. */
  readonly owner: string
  readonly application?: string
  readonly system?: string
}
