import type { Principal, Tool } from '../../contracts/index.ts'
import { AtelierError } from '../../kernel/index.ts'
import type { RunId, TenantId } from '../../kernel/index.ts'
import type { Pipeline } from '../../store/index.ts'
import {
  authenticateAmong,
  isTrustedRepository,
  mandateAmong,
  mandateErrors,
  readMandates,
  readPrincipals,
} from '../identity/index.ts'
import type { KnownPrincipals, StandingMandate } from '../identity/index.ts'
import { toolActions } from '../policy/index.ts'
import type { PolicyDecision, PolicyRequest, RepositoryFacts } from '../policy/index.ts'
import { doorErrors } from './errors.ts'
import type { ActRequest } from './request.ts'
import type { DoorServices } from './services.ts'

/** The input of a tool after its schema: parsed, or what is wrong with it. */
export type ParsedInput<I> =
  | { readonly ok: true; readonly value: I }
  | { readonly ok: false; readonly error: AtelierError }

export interface Judgement {
  /** The authenticated principal; the mere claim when authentication failed. */
  readonly actor: Principal
  /** What policies were asked and said; undefined when it did not come to that. */
  readonly decided: { readonly question: PolicyRequest; readonly answer: PolicyDecision } | undefined
  readonly approvalId: string | undefined
  /** Why the act may not be performed; undefined when it may. */
  readonly refusal: AtelierError | undefined
}

/** What is registered, as the transaction that admits sees it. */
export interface Registered {
  readonly principals: KnownPrincipals
  readonly mandates: ReadonlyMap<RunId, StandingMandate>
}

/** Reads what is needed to judge these requests, which are of one tenant. */
export async function readRegistered(
  { send }: Pick<Pipeline, 'send'>,
  tenantId: TenantId,
  requests: readonly ActRequest[],
): Promise<Registered> {
  const [principals, mandates] = await Promise.all([
    readPrincipals(
      send,
      tenantId,
      requests.map(({ principal }) => principal),
    ),
    readMandates(
      send,
      tenantId,
      requests.map(({ runId }) => runId),
    ),
  ])
  return { principals, mandates }
}

/** Whether an act may be performed now: who asks, for whom, what policies say, and whether obligations are met. */
export async function judge<I>(
  services: DoorServices,
  pipeline: Pick<Pipeline, 'join'>,
  registered: Registered,
  tool: Tool<I>,
  request: ActRequest,
  input: ParsedInput<I>,
): Promise<Judgement> {
  const refused = (refusal: AtelierError, actor: Principal = request.principal): Judgement => ({
    actor,
    decided: undefined,
    approvalId: undefined,
    refusal,
  })
  const admitted = attempt(() => authenticateUnderMandate(registered, request))
  if (admitted instanceof AtelierError) return refused(admitted)
  const { actor, mandate } = admitted
  if (!input.ok) return refused(input.error, actor)

  const approval = await findApproval(services, pipeline, tool, request, input.value)
  const question: PolicyRequest = {
    principal: actor,
    action: toolActions[tool.effect],
    resource: {
      kind: 'run',
      tenantId: request.tenantId,
      runId: request.runId,
      projectId: request.projectId,
      requester: mandate.requester,
    },
    context: {
      tool: tool.name,
      permissions: tool.permissions,
      isolation: request.context.isolation,
      approved: approval.approved,
      repository: await repositoryFacts(pipeline, mandate, request),
    },
  }
  const answer = services.policy.decide(question)
  return {
    actor,
    decided: { question, answer },
    approvalId: approval.approved ? approval.requestId : undefined,
    refusal:
      missingGrant(tool, request) ??
      refusalByPolicy(answer, tool, request, approval) ??
      missingSafety(tool) ??
      unmetCondition(tool, input.value),
  }
}

function attempt<T>(work: () => T): T | AtelierError {
  try {
    return work()
  } catch (error) {
    if (error instanceof AtelierError) return error
    throw error
  }
}

function authenticateUnderMandate(
  { principals, mandates }: Registered,
  request: ActRequest,
): { readonly actor: Principal; readonly mandate: StandingMandate } {
  const { tenantId, runId, projectId } = request
  const actor = authenticateAmong(principals, tenantId, request.principal)
  const mandate = mandateAmong(mandates, runId)
  if (mandate.closed) throw mandateErrors.CLOSED({ detail: runId })
  if (mandate.projectId !== projectId)
    throw mandateErrors.CONFLICT({ detail: `${runId} is not of ${projectId}` })
  return { actor, mandate }
}

type Approval =
  | { readonly approved: true; readonly requestId: string }
  | { readonly approved: false; readonly reason: string }

/** Looks up whether what the call would put into the world, and nothing else, was approved. */
async function findApproval<I>(
  { approvals }: DoorServices,
  { join }: Pick<Pipeline, 'join'>,
  tool: Tool<I>,
  { tenantId, runId, approval }: ActRequest,
  input: I,
): Promise<Approval> {
  if (!isExternal(tool)) return { approved: false, reason: 'not needed' }
  if (approval === undefined) return { approved: false, reason: 'nobody was asked' }
  const tree = tool.approvedTree?.(input)
  if (tree !== approval.subject.tree) {
    const wanted = tree === undefined ? 'no tree' : `tree ${tree}`
    return { approved: false, reason: `the call is for ${wanted}, the approval for ${approval.subject.tree}` }
  }
  return join((tx) => approvals.isApproved(tx, tenantId, runId, approval.subject))
}

export function isExternal(tool: Pick<Tool, 'effect'>): boolean {
  return tool.effect === 'external-reversible' || tool.effect === 'external-irreversible'
}

async function repositoryFacts(
  { join }: Pick<Pipeline, 'join'>,
  mandate: StandingMandate,
  { context }: ActRequest,
): Promise<RepositoryFacts | undefined> {
  const { repository: location, tenantId } = mandate
  if (location === undefined) return undefined
  // Trust matters only where there is no sandbox; otherwise the question to the database is spared.
  const trusted =
    context.isolation === 'none' && (await join((tx) => isTrustedRepository(tx, tenantId, location)))
  return { location, trusted }
}

const approvalGuardrail = 'guardrails/external-effects-need-approval'

function refusalByPolicy(
  answer: PolicyDecision,
  tool: Pick<Tool, 'name'>,
  request: ActRequest,
  approval: Approval,
): AtelierError | undefined {
  if (answer.decision === 'allow') return undefined
  const details = { policies: answer.policies, errors: answer.errors, tool: tool.name }
  const onlyApproval = answer.policies.length === 1 && answer.policies[0] === approvalGuardrail
  if (onlyApproval && !approval.approved) {
    return doorErrors.APPROVAL_MISSING({ detail: `${tool.name}: ${approval.reason}`, details })
  }
  const by =
    answer.policies.length === 0 ? 'nothing permits it' : `forbidden by ${answer.policies.join(', ')}`
  return doorErrors.DENIED({
    detail: `${request.principal.id} may not use ${tool.name} in ${request.runId}: ${by}`,
    details,
  })
}

function missingGrant(
  { name }: Pick<Tool, 'name'>,
  { grants, principal }: ActRequest,
): AtelierError | undefined {
  if (grants === undefined || grants.includes(name)) return undefined
  return doorErrors.NOT_GRANTED({
    detail: `${principal.id} and ${name}`,
    details: { tool: name, grants: [...grants] },
  })
}

function missingSafety(
  tool: Pick<Tool, 'name' | 'effect' | 'recover' | 'approvedTree'>,
): AtelierError | undefined {
  if (!isExternal(tool) || (tool.recover !== undefined && tool.approvedTree !== undefined)) return undefined
  return doorErrors.TOOL_INCOMPLETE({ detail: tool.name })
}

function unmetCondition<I>(tool: Tool<I>, input: I): AtelierError | undefined {
  const problem = tool.precondition?.(input)
  return problem === undefined
    ? undefined
    : doorErrors.PRECONDITION_FAILED({ detail: `${tool.name}: ${problem}` })
}
