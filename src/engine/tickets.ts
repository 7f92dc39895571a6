import type { TenantId } from '../kernel/index.ts'
import type { Ticket } from './durable-functions.ts'
import type { LiveRun, Task } from './live-run.ts'
import type { LockGrant } from './resource-locks.ts'
import { nodeKey, stepNode } from './run-state.ts'

/** The ticket of a task. Its id says what is to be done, so that the same task is never enqueued twice. */
export function ticketOf(run: LiveRun, task: Task): Ticket {
  const { tenantId, principalId, runId } = run.header
  const own = `${tenantId}/${runId}`
  switch (task.kind) {
    case 'execute':
      return {
        id: `${own}/${nodeKey(task.node)}/${task.attempt}`,
        kind: 'execute',
        tenantId,
        principalId,
        runId,
        stepId: task.node.stepId,
        itemIndex: task.node.itemIndex,
        role: task.node.role,
        attempt: task.attempt,
      }
    case 'settle-parent':
      return {
        id: `${own}/ended/${task.occasion}`,
        kind: 'settle-parent',
        tenantId,
        principalId,
        runId: task.runId,
        stepId: task.node.stepId,
        itemIndex: task.node.itemIndex,
        role: task.node.role,
        attempt: 0,
      }
    case 'cancel-child':
      return {
        id: `${own}/cancels/${task.runId}/${task.occasion}`,
        kind: 'cancel-child',
        tenantId,
        principalId,
        runId: task.runId,
        stepId: '',
        itemIndex: 0,
        role: 'forward',
        attempt: 0,
      }
  }
}

/** The ticket of a step, of whichever run, that has been given the lock it waited for. */
export function grantedTicket(tenantId: TenantId, grant: LockGrant): Ticket {
  const { runId, stepId, itemIndex, principalId, attempt } = grant
  const id = `${tenantId}/${runId}/${nodeKey(stepNode(stepId, itemIndex))}/${attempt}`
  return { id, kind: 'execute', tenantId, principalId, runId, stepId, itemIndex, role: 'forward', attempt }
}
