import type { CedarValueJson, Context, EntityJson, TypeAndId } from '@cedar-policy/cedar-wasm/nodejs'
import { dirname } from 'node:path/posix'
import type { Principal } from '../../contracts/index.ts'
import { rolesWithin } from '../../contracts/index.ts'
import type { ProjectId } from '../../kernel/index.ts'
import { projectOf } from './request.ts'
import type { PolicyRequest, RepositoryFacts } from './request.ts'

/** A {@link PolicyRequest} in the terms of the Cedar schema. */
export interface CedarRequest {
  readonly principal: TypeAndId
  readonly action: TypeAndId
  readonly resource: TypeAndId
  readonly context: Context
  readonly entities: EntityJson[]
}

const cedarType = { person: 'Person', agent: 'Agent', service: 'Service' } as const

function uid(type: string, id: string): TypeAndId {
  return { type: `Atelier::${type}`, id }
}

function reference(type: string, id: string): CedarValueJson {
  return { __entity: uid(type, id) }
}

/** Translates a request. Nothing is looked up: all that policies can see is in the request. */
export function toCedarRequest(request: PolicyRequest): CedarRequest {
  const principal = principalEntity(request.principal, projectOf(request.resource))
  const resource = resourceEntity(request.resource)
  const { context, entities: named } = contextOf(request)
  const entities = [...named, ...foldersAbove(request.resource)]
  return {
    principal: uid(cedarType[request.principal.kind], request.principal.id),
    action: uid('Action', request.action),
    resource: resource.uid,
    context,
    entities: [principal, { ...resource, uid: resource.uid }, ...entities],
  }
}

function principalEntity(principal: Principal, projectId: ProjectId | undefined): EntityJson {
  const acting =
    principal.kind === 'person' || principal.onBehalfOf === undefined
      ? {}
      : { onBehalfOf: reference('Person', principal.onBehalfOf) }
  return {
    uid: uid(cedarType[principal.kind], principal.id),
    attrs: { tenant: reference('Tenant', principal.tenantId), ...acting },
    parents: rolesWithin(principal, projectId).map((role) => uid('Role', role)),
  }
}

function resourceEntity(resource: PolicyRequest['resource']): EntityJson & { uid: TypeAndId } {
  const tenant = reference('Tenant', resource.tenantId)
  switch (resource.kind) {
    case 'run':
      return {
        uid: uid('Run', resource.runId),
        attrs: { tenant, requester: reference('Person', resource.requester) },
        parents: [uid('Project', resource.projectId)],
      }
    case 'project':
      return { uid: uid('Project', resource.projectId), attrs: { tenant }, parents: [] }
    case 'approval':
      return {
        uid: uid('Approval', resource.approvalId),
        attrs: { tenant },
        parents: [uid('Run', resource.runId)],
      }
    case 'repository':
      return repositoryEntity(resource, tenant)
    case 'code-path':
      return codePathEntity(resource, resource.path)
    case 'audit-log':
      return { uid: uid('AuditLog', resource.tenantId), attrs: { tenant }, parents: [] }
    case 'budget':
      return {
        uid: uid('Budget', `${resource.level}:${resource.subject}`),
        attrs: { tenant, level: resource.level },
        parents: [],
      }
    case 'studio':
      return { uid: uid('Studio', resource.tenantId), attrs: { tenant }, parents: [] }
    case 'directory':
      return { uid: uid('Directory', resource.tenantId), attrs: { tenant }, parents: [] }
    case 'installation':
      return { uid: uid('Installation', resource.tenantId), attrs: { tenant }, parents: [] }
  }
}

function repositoryEntity(
  repository: RepositoryFacts,
  tenant: CedarValueJson,
): EntityJson & { uid: TypeAndId } {
  return {
    uid: uid('Repository', repository.location),
    attrs: { tenant },
    parents: repository.trusted ? [uid('RepositoryGroup', 'trusted')] : [],
  }
}

type CodePath = Extract<PolicyRequest['resource'], { kind: 'code-path' }>

function codePathEntity(of: CodePath, path: string): EntityJson & { uid: TypeAndId } {
  const folder = dirname(path)
  const repository = uid('Repository', of.location)
  return {
    uid: uid('CodePath', path),
    attrs: { tenant: reference('Tenant', of.tenantId) },
    parents: folder === '.' ? [repository] : [uid('CodePath', folder), repository],
  }
}

/** The folders that a path is in, and its repository: policies may name any of them. */
function foldersAbove(resource: PolicyRequest['resource']): readonly EntityJson[] {
  if (resource.kind !== 'code-path') return []
  const folders: EntityJson[] = []
  for (let folder = dirname(resource.path); folder !== '.'; folder = dirname(folder))
    folders.push(codePathEntity(resource, folder))
  return [...folders, repositoryEntity(resource, reference('Tenant', resource.tenantId))]
}

function contextOf(request: PolicyRequest): { context: Context; entities: EntityJson[] } {
  if (!('context' in request)) return { context: {}, entities: [] }
  const { context } = request
  if ('work' in context) {
    const { work, named, worstFinding } = context
    return { context: { work, named, worstFinding }, entities: [] }
  }
  if ('role' in context) {
    const { role, self, held } = context
    return { context: { role: reference('Role', role), self, held }, entities: [] }
  }
  if (!('tool' in context)) {
    return { context: { decision: context.decision, inLineage: context.inLineage }, entities: [] }
  }
  const { tool, permissions, isolation, approved, repository } = context
  const facts: Context = { tool, permissions: [...permissions], isolation, approved }
  if (repository === undefined) return { context: facts, entities: [] }
  return {
    context: { ...facts, repository: reference('Repository', repository.location) },
    entities: [repositoryEntity(repository, reference('Tenant', request.resource.tenantId))],
  }
}
