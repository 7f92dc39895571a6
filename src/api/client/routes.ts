/** Method and path of an operation. */
export type RouteEntry = readonly [method: string, path: string, kind?: 'stream']

/** Made from `src/contracts/api` by `npm run client`. */
export const routes: Readonly<Record<string, RouteEntry>> = {
  getMe: ['GET', '/api/v1/me'],
  listInbox: ['GET', '/api/v1/inbox'],
  listApprovals: ['GET', '/api/v1/approvals'],
  getApproval: ['GET', '/api/v1/approvals/{approvalId}'],
  decideApproval: ['POST', '/api/v1/approvals/{approvalId}/decision'],
  submitWorkItem: ['POST', '/api/v1/work-items'],
  previewWorkItem: ['POST', '/api/v1/work-items/preview'],
  listWorkItems: ['GET', '/api/v1/work-items'],
  getWorkItem: ['GET', '/api/v1/work-items/{workItemId}'],
  listRuns: ['GET', '/api/v1/runs'],
  getRun: ['GET', '/api/v1/runs/{runId}'],
  watchRun: ['GET', '/api/v1/runs/{runId}/events', 'stream'],
  watchTenant: ['GET', '/api/v1/events', 'stream'],
  cancelRun: ['POST', '/api/v1/runs/{runId}/cancellation'],
  resumeRun: ['POST', '/api/v1/runs/{runId}/resumption'],
  getRunPlan: ['GET', '/api/v1/runs/{runId}/plan'],
  getStep: ['GET', '/api/v1/runs/{runId}/steps/{stepId}'],
  listStepLog: ['GET', '/api/v1/runs/{runId}/steps/{stepId}/log'],
  listActs: ['GET', '/api/v1/runs/{runId}/acts'],
  getTrace: ['GET', '/api/v1/runs/{runId}/trace'],
  getChange: ['GET', '/api/v1/runs/{runId}/change'],
  getTests: ['GET', '/api/v1/runs/{runId}/tests'],
  listComments: ['GET', '/api/v1/runs/{runId}/comments'],
  addComment: ['POST', '/api/v1/runs/{runId}/comments'],
  resolveComment: ['POST', '/api/v1/runs/{runId}/comments/{commentId}/resolution'],
  exportEvidence: ['GET', '/api/v1/runs/{runId}/evidence'],
  verifyEvidence: ['POST', '/api/v1/runs/{runId}/evidence/verification'],
  verifyAudit: ['POST', '/api/v1/audit/verification'],
}
