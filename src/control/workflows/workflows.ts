import { createTwoFilesPatch } from 'diff'
import type { Principal, WorkflowDefinition, WorkKind } from '../../contracts/index.ts'
import { readDefinition } from '../../engine/index.ts'
import type { TenantScope } from '../../engine/index.ts'
import { createOwnTexts } from '../../governance/own-texts/index.ts'
import type { OwnText, OwnTextServices, OwnTextVerdict } from '../../governance/own-texts/index.ts'
import { digestOfValue } from '../../kernel/index.ts'
import type { Digest, TenantId } from '../../kernel/index.ts'
import type { Tx } from '../../store/index.ts'
import { checkWorkflow } from './check-workflow.ts'
import type { CheckedWorkflow, WorkflowSurroundings } from './check-workflow.ts'
import { workflowErrors } from './errors.ts'

/** The workflow that runs of some kind of work start with today. */
export interface WorkflowInUse {
  readonly name: string
  readonly kind: WorkKind
  /** As it was written, YAML. */
  readonly text: string
  readonly definition: WorkflowDefinition
  /** Of the definition, as runs carry it. */
  readonly digest: Digest
  /** Null for the shipped one; otherwise the version of the tenant's own. */
  readonly own: Omit<OwnText, 'text' | 'tests' | 'rehearsal'> | null
}

export interface WorkflowDraft extends CheckedWorkflow {
  readonly draft: OwnText
  /** Against what is in use, as a unified diff; empty where nothing differs. */
  readonly diff: string
}

/**
 * The workflows that a tenant's runs start with: the shipped ones, and in their place those that its people drafted and
 * others approved. A run goes on with what it was started with.
 */
export interface Workflows {
  inUse(tx: Tx, tenantId: TenantId): Promise<readonly WorkflowInUse[]>
  /** What a run of this kind of work is to be started with. */
  sourceFor(scope: TenantScope, kind: WorkKind): Promise<string>
  /** Reads a text as it is being written. @throws ATL_WORKFLOWS_UNKNOWN */
  check(tx: Tx, tenantId: TenantId, name: string, text: string): Promise<CheckedWorkflow>
  /** The draft of a name with what is wrong with it and how it differs; undefined where there is none. */
  draft(tx: Tx, tenantId: TenantId, name: string): Promise<WorkflowDraft | undefined>
  versions(tx: Tx, tenantId: TenantId, name: string): Promise<readonly OwnText[]>
  /** Without text it is a draft to go back to the shipped workflow. @throws ATL_DOOR_DENIED, ATL_WORKFLOWS_UNKNOWN */
  save(principal: Principal, draft: { readonly name: string; readonly text: string }): Promise<OwnText>
  /** @throws ATL_DOOR_DENIED, ATL_OWN_TEXT_CHANGED, ATL_WORKFLOWS_NOT_READY with the problems */
  decide(principal: Principal, verdict: OwnTextVerdict): Promise<OwnText>
}

export interface WorkflowServices extends OwnTextServices {
  /** Shipped texts by kind of work. */
  readonly shipped: Readonly<Record<WorkKind, string>>
  /** What there is to perform steps with. */
  readonly surroundings: () => Omit<WorkflowSurroundings, 'inUse'>
}

export function createWorkflows(services: WorkflowServices): Workflows {
  const { database, shipped, surroundings } = services
  const texts = createOwnTexts<never>(services, 'workflow')
  const all = (Object.entries(shipped) as [WorkKind, string][]).map(([kind, text]) => ({
    kind,
    ...describe(text),
    own: null,
  }))
  const requireShipped = (name: string): WorkflowInUse => {
    const found = all.find((one) => one.name === name)
    if (found === undefined) throw workflowErrors.UNKNOWN({ detail: name })
    return found
  }
  const inUse: Workflows['inUse'] = async (tx, tenantId) => {
    const own = new Map((await texts.inForce(tx, tenantId)).map((one) => [one.name, one]))
    return all.map((workflow) => {
      const text = own.get(workflow.name)
      return text === undefined
        ? workflow
        : { kind: workflow.kind, ...describe(text.text), own: headOf(text) }
    })
  }
  const currentOf = async (tx: Tx, tenantId: TenantId, name: string): Promise<WorkflowInUse> =>
    (await inUse(tx, tenantId)).find((one) => one.name === name) ?? requireShipped(name)
  const check = (text: string, { definition }: WorkflowInUse): CheckedWorkflow =>
    text.trim() === ''
      ? { definition: null, problems: [] }
      : checkWorkflow(text, { inUse: definition, ...surroundings() })

  return {
    inUse,
    sourceFor: (scope, kind) =>
      database.transaction(scope, async (tx) => {
        const workflow = (await inUse(tx, scope.tenantId)).find((one) => one.kind === kind)
        return workflow?.text ?? shipped[kind]
      }),
    check: async (tx, tenantId, name, text) => check(text, await currentOf(tx, tenantId, name)),
    draft: async (tx, tenantId, name) => {
      const workflow = await currentOf(tx, tenantId, name)
      const draft = (await texts.versions(tx, tenantId, name)).find(({ state }) => state === 'draft')
      if (draft === undefined) return undefined
      const next = draft.text.trim() === '' ? requireShipped(name).text : draft.text
      return { draft, ...check(draft.text, workflow), diff: diffOf(name, workflow.text, next) }
    },
    versions: (tx, tenantId, name) => texts.versions(tx, tenantId, requireShipped(name).name),
    save: async (principal, { name, text }) =>
      texts.save(principal, { name: requireShipped(name).name, text, tests: '' }),
    decide: (principal, verdict) =>
      texts.decide(principal, verdict, async (tx, draft) => {
        const { tenantId } = principal
        const { problems } = check(draft.text, await currentOf(tx, tenantId, draft.name))
        if (problems.length > 0) throw workflowErrors.NOT_READY({ detail: draft.name, details: { problems } })
      }),
  }
}

function describe(text: string) {
  const { definition } = readDefinition(text)
  return { name: definition.name, text, definition, digest: digestOfValue(definition) }
}

function headOf(own: OwnText): WorkflowInUse['own'] {
  const { name, version, state, digest, authors, decidedBy, reason, createdAt, changedAt, decidedAt } = own
  return { name, version, state, digest, authors, decidedBy, reason, createdAt, changedAt, decidedAt }
}

function diffOf(name: string, before: string, after: string): string {
  if (before === after) return ''
  return createTwoFilesPatch(`${name}.yaml`, `${name}.yaml`, before, after, 'in use', 'draft', { context: 3 })
}
