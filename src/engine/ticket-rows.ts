import type { PreparedTicket } from './durable-functions.ts'
import { durableSchema } from './durable-functions.ts'

/**
 * Rows of durable functions, many in one statement. They are the rows that the SDK's `enqueueInTransaction` writes, one
 * at a time and in two round trips each; a test holds the two together.
 */

const columns = {
  workflow_uuid: 'text',
  status: 'text',
  name: 'text',
  queue_name: 'text',
  authenticated_user: 'text',
  assumed_role: 'text',
  authenticated_roles: 'text',
  executor_id: 'text',
  application_version: 'text',
  application_id: 'text',
  recovery_attempts: 'bigint',
  priority: 'int',
  serialization: 'text',
  creator_xid: 'text',
  owner_xid: 'text',
  delay_until_epoch_ms: 'bigint',
  application_name: 'text',
} as const

export type TicketRow = Readonly<Record<keyof typeof columns | 'inputs', string | number | null>>

export function ticketRow({ status, owner }: PreparedTicket, creator: string): TicketRow {
  return {
    workflow_uuid: status.workflowUUID,
    status: status.status,
    name: status.workflowName,
    queue_name: status.queueName ?? null,
    authenticated_user: status.authenticatedUser,
    assumed_role: status.assumedRole,
    authenticated_roles: JSON.stringify(status.authenticatedRoles),
    executor_id: status.executorId,
    application_version: status.applicationVersion ?? null,
    application_id: status.applicationID,
    recovery_attempts: status.recoveryAttempts ?? 0,
    priority: status.priority,
    serialization: status.serialization,
    creator_xid: creator,
    owner_xid: owner ?? null,
    delay_until_epoch_ms: status.delayUntilEpochMS ?? null,
    application_name: status.applicationName ?? null,
    inputs: status.input,
  }
}

const names = Object.keys(columns).join(', ')
const types = Object.entries({ ...columns, inputs: 'text' })
  .map(([name, type]) => `${name} ${type}`)
  .join(', ')

/** Common table expressions that write the rows in the member `tickets` of the document; a ticket is written once. */
export const ticketExpressions = (document: string): readonly string[] => [
  `ticket as (select * from jsonb_to_recordset(${document} -> 'tickets') as row (${types}))`,
  `enqueued as (insert into ${durableSchema}.workflow_status (${names}, started_at_epoch_ms)
     select ${names}, case when status = 'PENDING' then (extract(epoch from now()) * 1000)::bigint end from ticket
     on conflict (workflow_uuid) do nothing)`,
  `given as (insert into ${durableSchema}.workflow_input (workflow_uuid, inputs)
     select workflow_uuid, inputs from ticket on conflict (workflow_uuid) do nothing)`,
]

/** Removes tickets, and their arguments, that were performed without DBOS and are on the record. */
export const finishedTicketExpressions = (document: string): readonly string[] => [
  `finished as (delete from ${durableSchema}.workflow_status
     using jsonb_to_recordset(${document} -> 'finished_tickets') as row (id text) where workflow_uuid = row.id)`,
  `forgotten as (delete from ${durableSchema}.workflow_input
     using jsonb_to_recordset(${document} -> 'finished_tickets') as row (id text) where workflow_uuid = row.id)`,
]
