import type { Services } from '../../services/index.ts'
import type { Handlers } from '../handler.ts'

type ApprovalHandlers = Pick<
  Handlers,
  'listInbox' | 'dismissFromInbox' | 'listApprovals' | 'getApproval' | 'decideApproval'
>

export function approvalHandlers({ approvals, inbox }: Services): ApprovalHandlers {
  return {
    listInbox: ({ caller, query }) => inbox.list(caller, query),
    dismissFromInbox: ({ caller, params }) => inbox.dismiss(caller, params.runId),
    listApprovals: ({ caller, query }) => approvals.list(caller, query),
    getApproval: ({ caller, params }) => approvals.get(caller, params.approvalId),
    decideApproval: ({ caller, params, body }) => approvals.decide(caller, params.approvalId, body),
  }
}
