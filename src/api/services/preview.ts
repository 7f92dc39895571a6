import type { Caller, WorkflowDefinition, WorkTask } from '../../contracts/index.ts'
import { estimateRun } from '../../control/figures/index.ts'
import { readTask } from '../../control/intake/index.ts'
import { readDefinition } from '../../engine/index.ts'
import { parseRule } from '../../execution/upkeep/index.ts'
import { scopeOf } from './access.ts'
import type { ProjectChoice } from './project-choice.ts'
import type { CoreServices } from './studio-services.ts'
import type { WorkRequest } from './work-items.ts'

/** What a submission would lead to. */
export class PreviewService {
  readonly #services: CoreServices
  readonly #projects: ProjectChoice

  constructor(services: CoreServices, projects: ProjectChoice) {
    this.#services = services
    this.#projects = projects
  }

  /** Nothing is started or recorded. @throws ATL_DOOR_DENIED, ATL_UPKEEP_RULE_INVALID */
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
      task: read.task,
      rule: ruleOf(read.task),
      workflow: { name: definition.name, version: definition.version, description: definition.description },
      ...graphOf(definition),
      limit: runLimits,
      estimate: await database.transaction(scope, (tx) =>
        estimateRun(tx, scope.tenantId, { workflow: definition.name, projectId }),
      ),
    }
  }
}

/** What a rule that was given with the work says; one of the repository is read once the run has the repository. */
function ruleOf(task: WorkTask) {
  if (task.kind !== 'codemod' || task.rule.from !== 'text') return null
  const { ids, languages, complete } = parseRule(task.rule.text, 'given')
  return { ids, languages, complete }
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
