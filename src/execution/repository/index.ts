export { RepositoryHost } from './repository-host.ts'
export type { SeenRevision } from './repository-host.ts'

export { Repository } from './repository.ts'

export type { BaseRevision } from './import.ts'

export type { FileChange } from './tree-edit.ts'
export type { FoundLine } from './text-search.ts'
export type { TreeEntry } from './tree-entry.ts'
export { reasonToRefuse } from './path-guard.ts'
export type { ChangePolicy } from './path-guard.ts'

export { branchOf } from './publish.ts'
export type { ChangeRequest, PublishRequest } from './publish.ts'
export { fileKind, isTestPath } from './file-kind.ts'

export { findSymbols, symbolsAt } from './symbols.ts'

export { childrenOf, isScriptPath, parseScript, scriptProblem, walkScript } from './script-syntax.ts'
export { repositoryErrors } from './errors.ts'
