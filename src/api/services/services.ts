import type { Credentials, People } from '../../governance/directory/index.ts'
import type { Tenants } from '../../governance/tenants/index.ts'
import { Access } from './access.ts'
import { ApprovalService } from './approvals.ts'
import { ChangeService } from './changes.ts'
import { CommentService } from './comments.ts'
import { DemoService } from './demo.ts'
import { EventService } from './events.ts'
import { FollowUps } from './follow-ups.ts'
import { HealthService } from './health.ts'
import { InboxService } from './inbox.ts'
import { PeopleService } from './people.ts'
import { PreviewService } from './preview.ts'
import { QuestionService } from './questions.ts'
import { RecordService } from './records.ts'
import { RepositoryService } from './repositories.ts'
import { RunDetailService } from './run-details.ts'
import { RunViewService } from './run-views.ts'
import { RunService } from './runs.ts'
import { AuditService } from './audit.ts'
import { BudgetService } from './budgets.ts'
import { InstallationService } from './installation.ts'
import { PolicyService } from './policies.ts'
import { ModelUseService } from './model-use.ts'
import { ProjectChoice } from './project-choice.ts'
import { ProjectService } from './projects.ts'
import { RightsService } from './rights.ts'
import { WorkflowService } from './workflows.ts'
import { WorkshopService } from './workshop.ts'
import type { CoreServices } from './studio-services.ts'
import { UpkeepService } from './upkeep.ts'
import { WorkItemService } from './work-items.ts'

/** What clients can do, each for the caller that every method is given. */
export interface Services {
  readonly people: PeopleService
  readonly rights: RightsService
  readonly workItems: WorkItemService
  readonly preview: PreviewService
  readonly demo: DemoService
  readonly runs: RunService
  readonly runDetails: RunDetailService
  readonly changes: ChangeService
  readonly comments: CommentService
  readonly approvals: ApprovalService
  readonly questions: QuestionService
  readonly inbox: InboxService
  readonly events: EventService
  readonly records: RecordService
  readonly repositories: RepositoryService
  readonly health: HealthService
  readonly upkeep: UpkeepService
  readonly directory: People
  readonly credentials: Credentials
  readonly tenants: Tenants
  /** The address at which a code signs somebody in. */
  readonly linkOf: (code: string) => string
  readonly workshop: WorkshopService
  readonly runViews: RunViewService
  readonly workflows: WorkflowService
  readonly projects: ProjectService
  readonly policies: PolicyService
  readonly installation: InstallationService
  readonly budgets: BudgetService
  readonly audit: AuditService
  readonly modelUse: ModelUseService
}

export function createServices(below: CoreServices): Services {
  const access = new Access(below)
  const rights = new RightsService(access)
  const choice = new ProjectChoice(below, access)
  const runs = new RunService(below, access)
  const changes = new ChangeService(below, access, runs)
  const comments = new CommentService(below, access, runs, changes)
  const workItems = new WorkItemService(below, access, choice)
  const followUps = new FollowUps(below, workItems)
  return {
    people: new PeopleService(below),
    rights,
    workItems,
    preview: new PreviewService(below, choice),
    demo: new DemoService(below, access, workItems),
    runs,
    runDetails: new RunDetailService(below, runs),
    changes,
    comments,
    approvals: new ApprovalService(below, { access, runs, followUps }),
    questions: new QuestionService(below, access, runs),
    inbox: new InboxService(below, access, runs),
    events: new EventService(below, access),
    records: new RecordService(below, access, runs),
    repositories: new RepositoryService(below),
    health: new HealthService(below),
    upkeep: new UpkeepService(below, runs, followUps),
    directory: below.identity.people,
    credentials: below.identity.credentials,
    tenants: below.identity.tenants,
    linkOf: (code) => `${below.identity.address.url}/auth/first/${code}`,
    runViews: new RunViewService(below),
    workshop: new WorkshopService(below, access),
    workflows: new WorkflowService(below, access),
    projects: new ProjectService(below, access, rights),
    policies: new PolicyService(below, access),
    installation: new InstallationService(below, access),
    budgets: new BudgetService(below, access),
    audit: new AuditService(below, access),
    modelUse: new ModelUseService(below, access),
  }
}
