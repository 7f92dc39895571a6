import type { Services } from '../../services/index.ts'
import type { Handlers } from '../handler.ts'
import { approvalHandlers } from './approvals.ts'
import { changeHandlers } from './changes.ts'
import { demoHandlers } from './demo.ts'
import { identityHandlers } from './identity.ts'
import { modelUseHandlers } from './model-use.ts'
import { recordHandlers } from './records.ts'
import { repositoryHandlers } from './repositories.ts'
import { credentialHandlers } from './credentials.ts'
import { peopleHandlers } from './people.ts'
import { auditHandlers } from './audit.ts'
import { budgetHandlers } from './budgets.ts'
import { installationHandlers } from './installation.ts'
import { policyHandlers } from './policies.ts'
import { projectHandlers } from './projects.ts'
import { runViewHandlers } from './run-views.ts'
import { runHandlers } from './runs.ts'
import { tenantHandlers } from './tenants.ts'
import { workItemHandlers } from './work-items.ts'
import { workflowHandlers } from './workflows.ts'
import { workshopHandlers } from './workshop.ts'

/** A handler for every operation. */
export function createHandlers(services: Services): Handlers {
  return {
    ...identityHandlers(services),
    ...modelUseHandlers(services),
    ...workItemHandlers(services),
    ...demoHandlers(services),
    ...runHandlers(services),
    ...runViewHandlers(services),
    ...changeHandlers(services),
    ...approvalHandlers(services),
    ...recordHandlers(services),
    ...repositoryHandlers(services),
    ...peopleHandlers(services),
    ...credentialHandlers(services),
    ...tenantHandlers(services),
    ...auditHandlers(services),
    ...budgetHandlers(services),
    ...installationHandlers(services),
    ...policyHandlers(services),
    ...projectHandlers(services),
    ...workflowHandlers(services),
    ...workshopHandlers(services),
  }
}
