import type { Principal } from '../../contracts/index.ts'
import type { TenantId } from '../../kernel/index.ts'
import type { PolicyEngine } from './policy-engine.ts'
import type { PolicySet } from './policy-set.ts'
import type { PolicyRequest, RepositoryFacts } from './request.ts'

/** Which files of a repository a principal may read: those at or below `paths`, less those at or below `except`. */
interface CodeAccess {
  /** The empty path is the whole repository. */
  readonly paths: readonly string[]
  readonly except: readonly string[]
}

const codePathLiteral = /\bAtelier::CodePath::"((?:[^"\\]|\\.)*)"/g

/**
 * Asks the policies about the repository as a whole and about every path that one of them names. Policies see of a path
 * only which folders it is in, so all other paths fare like the nearest of these above them. What is refused below
 * something permitted stays hidden with all below it, even where a policy makes exceptions from its own refusal.
 */
export function codeAccess(
  policy: Pick<PolicyEngine, 'of'>,
  principal: Principal,
  repository: RepositoryFacts,
): CodeAccess {
  const inForce = policy.of(principal.tenantId)
  const mayRead = (path: string): boolean => {
    const resource = codeResource(principal.tenantId, repository, path)
    return inForce.decide({ principal, action: 'read-code', resource }).decision === 'allow'
  }
  const [allowed, refused] = [new Set<string>(), new Set<string>()]
  for (const path of ['', ...namedPaths(inForce)]) (mayRead(path) ? allowed : refused).add(path)
  return {
    paths: [...allowed].filter((path) => !isBelowOne(path, allowed)),
    except: [...refused].filter((path) => isBelowOne(path, allowed)),
  }
}

/** What policies are asked about for a path; the empty path is the repository as a whole. */
export function codeResource(
  tenantId: TenantId,
  repository: RepositoryFacts,
  path: string,
): Extract<PolicyRequest, { readonly action: 'read-code' }>['resource'] {
  return path === ''
    ? { kind: 'repository', tenantId, ...repository }
    : { kind: 'code-path', tenantId, ...repository, path }
}

function namedPaths({ policies }: PolicySet): readonly string[] {
  const named = policies.flatMap(({ text }) =>
    [...text.matchAll(codePathLiteral)].map(([, path = '']) => path.replaceAll(/\\(.)/g, '$1')),
  )
  return [...new Set(named)].filter((path) => path !== '')
}

function isBelowOne(path: string, folders: ReadonlySet<string>): boolean {
  return [...folders].some((folder) => folder !== path && (folder === '' || path.startsWith(`${folder}/`)))
}
