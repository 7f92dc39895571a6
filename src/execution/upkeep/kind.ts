import type { Check, Finding, UpkeepVerdict, WorkKind, WorkTask } from '../../contracts/index.ts'
import type { Repository } from '../repository/index.ts'
import type { Sandbox } from '../sandbox/index.ts'
import type { Registries, RepositoryFiles } from '../testing/index.ts'
import { upkeepErrors } from './errors.ts'

/** What a sandbox for upkeep holds and reaches. */
interface SandboxNeeds {
  /** Whose dependencies are installed: those of this very tree, those of the base revision, or none. */
  readonly dependencies: 'tree' | 'base' | 'none'
  /** The registry of the package manager, or nothing. */
  readonly egress: 'registry' | 'none'
  readonly binds?: readonly { readonly source: string; readonly target: string }[]
}

/** Where a kind of work does what it does. Everything of the repository that runs, runs in sandboxes. */
export interface UpkeepPlace {
  readonly repository: Repository
  readonly baseTree: string
  /** Folder of the package relative to the repository's root; empty for the root. */
  readonly directory: string
  readonly packageManager: 'npm' | 'yarn' | 'pnpm' | 'pip' | 'none'
  readonly registries: Registries
  readonly signal: AbortSignal
  report(message: string): void
  /** Opens a sandbox on a tree for as long as `work` takes. */
  within<T>(tree: string, needs: SandboxNeeds, work: (sandbox: Sandbox) => Promise<T>): Promise<T>
  /** What installing the dependencies of a tree said. */
  install(tree: string): Promise<readonly string[]>
}

/** What a kind of work offers. `tree` equals the base where there was nothing to do. */
export interface UpkeepOffer {
  readonly tree: string
  readonly explanation: string
  readonly found: readonly string[]
  readonly findings?: readonly Finding[]
  readonly record?: Readonly<Record<string, unknown>>
}

export type TaskOf<K extends WorkKind> = Extract<WorkTask, { readonly kind: K }>

interface KindDefinition<K extends WorkKind> {
  readonly kind: K
  readonly summary: string
  propose(place: UpkeepPlace, task: TaskOf<K>): Promise<UpkeepOffer>
  /** Measures base and candidate anew, and takes nothing from what `propose` said. */
  verify(place: UpkeepPlace, task: TaskOf<K>, tree: string): Promise<readonly Check[]>
}

/** One kind of work that the project's own tools do: how a change comes about, and how it is verified. */
export interface UpkeepKind {
  readonly kind: WorkKind
  readonly summary: string
  propose(place: UpkeepPlace, task: WorkTask): Promise<UpkeepOffer>
  verify(place: UpkeepPlace, task: WorkTask, tree: string): Promise<readonly Check[]>
}

/** A kind that refuses tasks of another one with `ATL_UPKEEP_OTHER_KIND`. */
export function defineKind<K extends WorkKind>(definition: KindDefinition<K>): UpkeepKind {
  const isOwn = (task: WorkTask): task is TaskOf<K> => task.kind === definition.kind
  const own = (task: WorkTask): TaskOf<K> => {
    if (isOwn(task)) return task
    throw upkeepErrors.OTHER_KIND({ detail: `${task.kind} in place of ${definition.kind}` })
  }
  return {
    kind: definition.kind,
    summary: definition.summary,
    propose: async (place, task) => definition.propose(place, own(task)),
    verify: async (place, task, tree) => definition.verify(place, own(task), tree),
  }
}

export function verdictOf(checks: readonly Check[]): UpkeepVerdict {
  return {
    outcome: checks.every(({ holds }) => holds) ? 'accepted' : 'rejected',
    checks: [...checks],
  }
}

/** The files of the package in a tree of the repository. */
export function packageFiles({ repository, directory }: UpkeepPlace, tree: string): RepositoryFiles {
  const inside = (path: string): string => (directory === '' ? path : `${directory}/${path}`)
  return {
    async list() {
      const files = await repository.listFiles(tree)
      return files
        .map(({ path }) => path)
        .filter((path) => path.startsWith(inside('')))
        .map((path) => path.slice(inside('').length))
    },
    read: (path) => repository.readText(tree, inside(path)),
  }
}

/** Whether a path lies in one of the files or folders; in all when there are none. */
export function isWithin(path: string, limits: readonly string[]): boolean {
  if (limits.length === 0) return true
  return limits.some((limit) => {
    const folder = limit.replace(/\/+$/, '')
    return path === folder || path.startsWith(`${folder}/`)
  })
}

/** The first few of a list, and how many more there are. */
export function some(items: readonly string[], most = 5): string {
  const rest = items.length - most
  return rest > 0 ? `${items.slice(0, most).join(', ')} and ${rest} more` : items.join(', ')
}
