import type { Services } from '../../services/index.ts'
import type { Handlers } from '../handler.ts'

type WorkflowHandlers = Pick<
  Handlers,
  'listWorkflows' | 'getWorkflow' | 'checkWorkflow' | 'saveWorkflowDraft' | 'decideWorkflow'
>

export function workflowHandlers({ workflows }: Pick<Services, 'workflows'>): WorkflowHandlers {
  return {
    listWorkflows: async ({ caller }) => ({ items: await workflows.list(caller) }),
    getWorkflow: ({ caller, params }) => workflows.get(caller, params.name),
    checkWorkflow: ({ caller, params, body }) => workflows.check(caller, params.name, body.text),
    saveWorkflowDraft: ({ caller, params, body }) => workflows.save(caller, params.name, body.text),
    decideWorkflow: ({ caller, params, body }) => workflows.decide(caller, { ...params, ...body }),
  }
}
