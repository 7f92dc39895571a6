import type { RepositoryFiles } from '../repository-files.ts'
import type { TestSuite } from '../suite.ts'
import type { Registries, Registry } from './registries.ts'

/** One way to install, with what to do when it fails in a known manner. */
export interface InstallAttempt {
  /** Shell text. */
  readonly command: string
  /** In words, for the record. */
  readonly description: string
  /** The next way to try, given the log of this one; null to give up. */
  readonly next: (log: string) => Promise<InstallAttempt | null>
}

/** How the dependencies of one package are installed. */
export interface InstallRecipe {
  /** Files that decide what is installed, relative to the package. */
  readonly inputs: readonly string[]
  /** Whether more than these files decides, so that the whole tree has to be the same. */
  readonly dependsOnTree: boolean
  /** What the installation makes, relative to the package. */
  readonly outputs: readonly string[]
  readonly first: InstallAttempt
  readonly registry: Registry
  /** Where the certificates are named. */
  readonly environment: (caFile: string | undefined) => Readonly<Record<string, string>>
  readonly explanation: readonly string[]
}

export interface RecipeRequest {
  readonly suite: Pick<TestSuite, 'packageManager' | 'framework' | 'invocation'>
  /** The files of the package. */
  readonly files: RepositoryFiles
  readonly registries: Registries
  /** ISO 8601; versions published later are not taken. */
  readonly before: string | undefined
  readonly allowScripts: boolean
}

const networkTrouble =
  /ENOTFOUND|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EAI_AGAIN|ENETUNREACH|ERR_SOCKET_TIMEOUT|socket hang up|tunneling socket|Temporary failure in name resolution|Max retries exceeded|NewConnectionError|ProxyError|\bE5\d\d\b|\b50[234] /i

/** Whether a log says that the registry itself was not reached, as opposed to a package that is wrong or elsewhere. */
export function isUnreachable(log: string, registry: Registry): boolean {
  const { hostname } = new URL(registry.url)
  return log.split('\n').some((line) => networkTrouble.test(line) && line.includes(hostname))
}
