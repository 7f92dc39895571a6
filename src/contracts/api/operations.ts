import { decideApproval, getApproval, listApprovals, listInbox } from './approvals.ts'
import {
  createToken,
  endOtherSessions,
  endSession,
  listAllTokens,
  listSessions,
  listTokens,
  revokeCredentials,
  revokeToken,
} from './credentials.ts'
import { startDemo } from './demo.ts'
import { getMe } from './me.ts'
import {
  changePerson,
  createServiceIdentity,
  getPerson,
  giveRole,
  invitePerson,
  invitePersonAgain,
  listPeople,
  takeRole,
} from './people.ts'
import { exportEvidence, verifyAudit, verifyEvidence } from './records.ts'
import {
  addComment,
  getChange,
  getRunPlan,
  getStep,
  getTests,
  getTrace,
  listActs,
  listComments,
  listStepLog,
  resolveComment,
} from './run-details.ts'
import { cancelRun, getRun, listRuns, resumeRun, watchRun, watchTenant } from './runs.ts'
import { changeTenant, createTenant, deleteTenant, getTenant, listTenants } from './tenants.ts'
import { getWorkItem, listWorkItems, previewWorkItem, submitWorkItem } from './work-items.ts'

/** Every operation of the API, by its id. */
export const operations = {
  getMe,
  listInbox,
  listApprovals,
  getApproval,
  decideApproval,
  submitWorkItem,
  previewWorkItem,
  startDemo,
  listWorkItems,
  getWorkItem,
  listRuns,
  getRun,
  watchRun,
  watchTenant,
  cancelRun,
  resumeRun,
  getRunPlan,
  getStep,
  listStepLog,
  listActs,
  getTrace,
  getChange,
  getTests,
  listComments,
  addComment,
  resolveComment,
  exportEvidence,
  verifyEvidence,
  verifyAudit,
  listPeople,
  getPerson,
  invitePerson,
  invitePersonAgain,
  createServiceIdentity,
  changePerson,
  giveRole,
  takeRole,
  listSessions,
  endSession,
  endOtherSessions,
  listTokens,
  listAllTokens,
  createToken,
  revokeToken,
  revokeCredentials,
  listTenants,
  createTenant,
  getTenant,
  changeTenant,
  deleteTenant,
} as const

export type Operations = typeof operations
