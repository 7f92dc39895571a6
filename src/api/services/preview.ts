import { sql } from 'kysely'
import type { Caller, RunOutcome, WorkflowDefinition } from '../../contracts/index.ts'
import { readTask } from '../../control/intake/index.ts'
import { readDefinition } from '../../engine/index.ts'
import { digestOfValue } from '../../kernel/index.ts'
import type { Tx } from '../../store/index.ts'
import { scopeOf } from './access.ts'
import type { ProjectChoice } from './project-choice.ts'
import type { CoreServices } from './studio-services.ts'
import type { WorkRequest } from './work-items.ts'

/** Runs of the same kind that are looked at. */
const lookedAt = 50

/** What a submission would lead to. */
export class PreviewService {
  readonly #services: CoreServices
  readonly #projects: ProjectChoice

  constructor(services: CoreServices, projects: ProjectChoice) {
    this.#services = services
    this.#projects = projects
  }

  /** Nothing is started or recorded. @throws ATL_DOOR_DENIED */
  async preview(caller: Caller, { issue, task, repository, projectId: named }: WorkRequest) {
    const { workflows, runLimits, database } = this.#services
    const projectId = await this.#projects.forWork(caller, {
      projectId: named,
      repository: repository.location,
    })
    const scope = scopeOf(caller)
    const read = task === undefined ? readTask(issue.title) : { task }
    const { definition } = readDefinition(await workflows.sourceFor(scope, read.task.kind))
    return {
      projectId,
      kind: read.task.kind,
      kindReason: ('taskReason' in read ? read.taskReason : undefined) ?? null,
      workflow: { name: definition.name, version: definition.version, description: definition.description },
      ...graphOf(definition),
      limit: runLimits,
      experience: await database.transaction(scope, (tx) =>
        experienceOf(tx, { tenantId: scope.tenantId, projectId, workflow: definition.name }),
      ),
    }
  }
}

function graphOf({ steps }: WorkflowDefinition) {
  return {
    nodes: steps.map(({ id, title, kind, uses, when }) => ({
      id,
      title: title ?? id,
      kind,
      uses,
      conditional: when !== undefined,
    })),
    edges: steps.flatMap(({ id, needs }) => needs.map((from) => ({ from, to: id }))),
  }
}

/** What the last runs of a workflow have used in a project. */
async function experienceOf(
  tx: Tx,
  { tenantId, projectId, workflow }: Readonly<Record<'tenantId' | 'projectId' | 'workflow', string>>,
) {
  const rows = await tx
    .selectFrom('runs')
    .leftJoin('budget_accounts', (join) =>
      join
        .onRef('budget_accounts.tenant_id', '=', 'runs.tenant_id')
        .onRef('budget_accounts.subject', '=', 'runs.run_id')
        .on('budget_accounts.level', '=', 'run'),
    )
    .select([
      'result_digest',
      'money_spent',
      sql<number>`extract(epoch from ended_at - created_at)::float8`.as('seconds'),
    ])
    .where('runs.tenant_id', '=', tenantId)
    .where('project_id', '=', projectId)
    .where('workflow', '=', workflow)
    .where('ended_at', 'is not', null)
    .where('status', '!=', 'cancelled')
    .orderBy('created_at', 'desc')
    .orderBy('runs.run_id', 'desc')
    .limit(lookedAt)
    .execute()
  if (rows.length === 0) return null
  const delivered = digestOfValue({ outcome: 'delivered' satisfies RunOutcome })
  return {
    runs: rows.length,
    seconds: median(rows.map(({ seconds }) => seconds)),
    money: median(rows.map((row) => row.money_spent ?? 0)),
    delivered: rows.filter((row) => row.result_digest === delivered).length / rows.length,
  }
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? 0
}
