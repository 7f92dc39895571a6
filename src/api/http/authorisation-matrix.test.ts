import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Operation, operations } from '../../contracts/api/index.ts'
import { type Caller, roleSchema } from '../../contracts/index.ts'
import { type Intention, seededIdentities } from '../../governance/index.ts'
import type { RunId } from '../../kernel/index.ts'
import { createScratchStudio, type ScratchStudio, type ScratchTenant } from '../scratch-studio.ts'

/** What a request of the matrix is about. */
interface Target {
  readonly runId: RunId
  readonly approvalId: string
  readonly commentId: string
  readonly subject: string
}

const submission = {
  issue: { title: 'Format', body: '' },
  repository: { location: '/srv/sample' },
  task: { kind: 'format' },
}

/** Bodies of the operations that take one; one that is forgotten here fails the test. */
const bodies: Readonly<Record<string, (target: Target) => unknown>> = {
  setRunViews: () => ({ views: [] }),
  submitWorkItem: () => submission,
  previewWorkItem: () => submission,
  cancelRun: () => ({ reason: 'enough' }),
  replyToRun: () => ({ text: 'Round down.' }),
  addComment: () => ({ body: 'Why?' }),
  decideRun: ({ subject }) => ({ decision: 'rejected', reason: 'no', subject }),
  decideApproval: ({ subject }) => ({ verdict: 'rejected', reason: 'no', subject }),
  createToken: () => ({ name: 'Nightly', scopes: ['read'] }),
  invitePerson: () => ({ handle: 'newcomer', name: 'Newcomer' }),
  createServiceIdentity: () => ({ handle: 'bot', name: 'Bot', answeredForBy: 'person:requester' }),
  changePerson: () => ({ disabled: true }),
  createTenant: () => ({ id: 'newcomers', name: 'Newcomers' }),
  changeTenant: () => ({ state: 'suspended' }),
  checkPolicy: () => ({ name: 'quiet', text: '' }),
  simulateShippedPolicy: () => ({ id: 'people/engineers-submit-work', text: '' }),
  simulatePolicy: () => ({ name: 'quiet', text: '' }),
  savePolicyDraft: () => ({ text: '' }),
  rehearsePolicy: () => ({}),
  decidePolicy: () => ({ digest: 'sha256:0', verdict: 'rejected', reason: 'no' }),
  createProject: () => ({ name: 'Newcomers' }),
  changeProject: () => ({ description: 'Changed.' }),
  checkWorkflow: () => ({ text: '' }),
  saveWorkflowDraft: () => ({ text: '' }),
  decideWorkflow: () => ({ digest: 'sha256:0', verdict: 'rejected', reason: 'no' }),
  setBudget: () => ({ tokens: 1_000_000 }),
  acceptTool: () => ({ digest: 'sha256:0' }),
  setRouteWeights: () => ({ weights: {}, reason: 'try' }),
  resetRouteWeights: () => ({ reason: 'back' }),
  explainRoute: () => ({ issue: { title: 'Format', body: '' } }),
  indexCode: () => ({ repository: { location: '/srv/unknown' } }),
  searchCode: () => ({ repository: { location: '/srv/unknown' }, words: 'rounding' }),
  assembleCodeContext: () => ({
    repository: { location: '/srv/unknown' },
    issue: { title: 'Rounding', body: '' },
  }),
  findSymbol: () => ({ repository: { location: '/srv/unknown' }, name: 'round' }),
  setRepositoryTrust: () => ({ repository: '/srv/sample', trusted: true, reason: 'ours' }),
}

/** Names in paths that are no ids of the target. Most name nothing that there is: who is refused is refused before that. */
const places: Readonly<Record<string, string>> = {
  stepId: 'change',
  memberId: 'person:nobody',
  role: 'viewer',
  sessionId: 'session_none',
  tokenId: 'token_none',
  tenantId: 'nowhere',
  projectId: 'default',
  name: 'tidy',
  seq: '1',
  level: 'project',
  server: 'none',
  tool: 'none',
  route: 'none',
}

/** What policies are told beside who, what and which. */
const contexts: Readonly<Record<string, object>> = {
  'decide-approval': { decision: 'rejected', inLineage: false },
  'decide-policy': { decision: 'rejected', inLineage: false },
  'decide-workflow': { decision: 'rejected', inLineage: false },
}

/** What policies are asked about, by the kind of resource that operations name. */
const resources: Readonly<Record<string, (tenant: ScratchTenant, target: Target) => Intention['resource']>> =
  {
    project: ({ id: tenantId }) => ({ kind: 'project', tenantId, projectId: 'default' as never }),
    run: ({ id: tenantId }, { runId }) => ({
      kind: 'run',
      tenantId,
      runId,
      projectId: 'default' as never,
      requester: 'person:requester',
    }),
    approval: ({ id: tenantId }, { runId, approvalId }) => ({
      kind: 'approval',
      tenantId,
      projectId: 'default' as never,
      approvalId,
      runId,
    }),
    repository: ({ id: tenantId }) => ({
      kind: 'repository',
      tenantId,
      location: '/srv/sample',
      trusted: false,
    }),
    'audit-log': ({ id: tenantId }) => ({ kind: 'audit-log', tenantId }),
    budget: ({ id: tenantId }) => ({ kind: 'budget', tenantId, level: 'project', subject: 'default' }),
    studio: ({ id: tenantId }) => ({ kind: 'studio', tenantId }),
    directory: ({ id: tenantId }) => ({ kind: 'directory', tenantId }),
    installation: () => ({ kind: 'installation', tenantId: seededIdentities.tenant }),
  }

let studio: ScratchStudio
let own: ScratchTenant
let other: ScratchTenant
let target: Target
let elsewhere: Awaited<ReturnType<ScratchTenant['createProject']>>

beforeAll(async () => {
  studio = await createScratchStudio()
  own = await studio.createTenant()
  other = await studio.createTenant()
  elsewhere = await own.createProject('elsewhere')
  const { runId, request } = await own.waitingRun()
  const { id: commentId } = await studio.services.comments.add(own.callers.owner, runId, { body: 'First.' })
  target = { runId, approvalId: request.id, commentId, subject: request.subjectDigest }
}, 120_000)
afterAll(() => studio[Symbol.asyncDispose]())

const roles = roleSchema.options
const all = Object.values<Operation>(operations)

function isAllowed({ access }: Operation, { principal }: Caller): boolean {
  if (!('action' in access)) return true
  const resource = resources[access.resource]?.(own, target)
  if (resource === undefined) throw new Error(`the matrix knows no resource ${access.resource}`)
  const roleContext = ['give-role', 'take-role'].includes(access.action)
    ? {
        role: 'viewer',
        self: false,
        held: principal.roles.some((role) => ['viewer', 'owner'].includes(role)),
      }
    : undefined
  const context = roleContext ?? contexts[access.action]
  const question = { principal, action: access.action, resource, ...(context && { context }) }
  return studio.governed.governance.policy.decide(question as never).decision === 'allow'
}

async function send(
  operation: Operation,
  authorization?: string,
): Promise<{ readonly status: number; readonly code: unknown; readonly text: string }> {
  const { id, method, path, body } = operation
  const values: Record<string, string> = {
    ...target,
    ...places,
    workItemId: target.runId.replace('run_', 'work_'),
    ...(id === 'setBudget' && { subject: 'default' }),
    // What somebody drafted is decided by others; nobody drafted this.
    ...(id.startsWith('decide') && { name: 'undrafted' }),
  }
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const value = values[name]
    if (value === undefined) throw new Error(`the matrix has no ${name} for ${id}`)
    return value
  })
  const example = bodies[id]
  if (body !== undefined && example === undefined) throw new Error(`the matrix has no body for ${id}`)
  const asked = id === 'getChangedFile' ? '?path=src/a.js' : ''
  const stop = new AbortController()
  const response = await fetch(`${studio.url}${filled}${asked}`, {
    method,
    signal: stop.signal,
    headers: {
      ...(authorization === undefined ? {} : { authorization }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(example?.(target)) }),
  })
  const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true
  const text = isStream ? '' : await response.text()
  stop.abort()
  const isProblem = response.headers.get('content-type')?.includes('problem') === true
  return {
    status: response.status,
    text,
    code: isProblem ? (JSON.parse(text) as { code: string }).code : null,
  }
}

const isRefusal = ({ status }: { readonly status: number }): boolean => status === 401 || status === 403

describe.each(all.map((operation) => [operation.id, operation] as const))('%s', (_, operation) => {
  const isPublic = 'public' in operation.access

  it('is for nobody whom the studio does not know', async () => {
    if (isPublic) return
    expect(await send(operation)).toMatchObject({ status: 401, code: 'ATL_API_NOT_AUTHENTICATED' })
    expect((await send(operation, 'Bearer forged')).status).toBe(401)
  })

  it('is for no token without its action', async () => {
    if (!('action' in operation.access)) return
    expect(await send(operation, own.authorization.reader)).toMatchObject({ code: 'ATL_API_SCOPE_MISSING' })
  })

  it('is refused to the roles to which policy refuses it', async () => {
    for (const role of roles.filter((one) => !isAllowed(operation, own.callers[one]))) {
      const answer = await send(operation, own.authorization[role])
      expect([role, isRefusal(answer)]).toEqual([role, true])
    }
  })

  it('shows another tenant nothing', async () => {
    const { status, text } = await send(operation, other.authorization.owner)
    for (const secret of [target.runId, target.approvalId, target.commentId])
      expect(text.replaceAll(/"(?:detail|instance)":"[^"]*"/g, '')).not.toContain(secret)
    if (/\{(?:runId|approvalId|workItemId)\}/.test(operation.path)) expect(status).toBe(404)
  })
})

describe('of a project, whoever is the owner of another one', () => {
  it.each(all.map((operation) => [operation.id, operation] as const))(
    'sees nothing: %s',
    async (_, operation) => {
      const { status, text } = await send(operation, elsewhere.authorization.owner)
      const answer = text.replaceAll(/"(?:detail|instance)":"[^"]*"/g, '')
      const workItemId = target.runId.replace('run_', 'work_')
      for (const secret of [target.runId, workItemId, target.approvalId, target.commentId])
        expect(answer).not.toContain(secret)
      if (/\{(?:runId|approvalId|workItemId)\}/.test(operation.path)) expect([403, 404]).toContain(status)
    },
  )
})

describe('what policy permits', () => {
  it.each(all.map((operation) => [operation.id, operation] as const))(
    'is let through: %s',
    async (_, operation) => {
      for (const role of roles.filter((one) => isAllowed(operation, own.callers[one]))) {
        const answer = await send(operation, own.authorization[role])
        expect([role, isRefusal(answer), answer.status < 500]).toEqual([role, false, true])
      }
    },
  )
})
