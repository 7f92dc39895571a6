import {
  type AssembledContext,
  assembleContext,
  type CodeHit,
  CodeSearch,
  contextErrors,
  type ContextSuspect,
  type FileKind,
  findSymbol,
  type IndexReport,
  type BackgroundIndexer,
  parseQuery,
  type CodeReader,
  presentHit,
  type RepositorySource,
  type Revision,
  type SymbolPlaces,
} from '../control/context/index.ts'
import type { TenantScope } from '../engine/index.ts'
import type { Database } from '../store/index.ts'

/** A repository and the revision in question; its HEAD when absent. */
export interface CodePlace {
  readonly location: string
  readonly revision?: string
}

interface Question {
  readonly repository: CodePlace
  /** Short name of the person who asks. */
  readonly by: string
  /**
   * Whether the revision is indexed first, which is quick when little has changed; otherwise the newest commit before it
   * that is indexed answers.
   */
  readonly fresh: boolean
}

/** What an answer is about. */
interface Answered {
  readonly repository: string
  /** What the revision means now. */
  readonly asked: string
  /** The commit that the answer is about: `asked`, or the newest before it that is indexed. */
  readonly commit: string
  /** Whether `asked` is being indexed now, so that a later question will be answered from it. */
  readonly indexing: boolean
}

export interface CodeSearchAnswer extends Answered {
  readonly hits: readonly CodeHit[]
}

export interface CodeContextAnswer extends Answered, AssembledContext {}

interface CodeSymbolAnswer extends Answered, SymbolPlaces {}

/** What clients may ask about code. */
export interface CodeQueries {
  /** Indexes a revision: only what no indexed commit has is read. */
  index(
    request: { readonly repository: CodePlace; readonly by: string },
    onProgress?: (done: number, total: number) => void,
  ): Promise<IndexReport & { readonly repository: string; readonly notes: readonly string[] }>
  /** Files for a question, best first, each with the lines that answer it and the reasons. */
  search(
    question: Question & {
      readonly words: string
      readonly kinds: readonly FileKind[]
      readonly limit: number
    },
  ): Promise<CodeSearchAnswer>
  /** What to read for an issue, within a budget of tokens. */
  context(
    question: Question & {
      readonly issue: { readonly title: string; readonly body: string }
      readonly tokens: number
      /** Places that may hold the fault, as a repair that gave up found them. */
      readonly suspects?: readonly ContextSuspect[]
    },
  ): Promise<CodeContextAnswer>
  /** Where a name is defined and used; `Type.method` narrows it. At most `limit` of each. */
  symbol(question: Question & { readonly name: string; readonly limit: number }): Promise<CodeSymbolAnswer>
}

export interface CodeServices {
  readonly database: Database
  /** What indexes commits, for this and for whoever sees them first. */
  readonly indexer: BackgroundIndexer
  /** Whether this process lives on after the answer, so that it may index what a question came too early for. */
  readonly background: boolean
  /** Brings the studio's copy of a repository up to date. */
  openSource(place: CodePlace): Promise<{
    readonly source: RepositorySource
    readonly revision: Revision
    readonly notes: readonly string[]
  }>
  /**
   * The scope to work in for a person who may read code; the decision is recorded.
   * @throws ATL_STUDIO_PERSON_UNKNOWN, ATL_DOOR_DENIED
   */
  authorise(person: string, repository: CodePlace): Promise<CodeAuthorisation>
}

/** What a person may do who may read code at all. */
export interface CodeAuthorisation {
  readonly scope: TenantScope
  /**
   * What of a repository policy lets this person read, by the name under which the studio keeps the repository: another
   * spelling of its path must not be another repository. The decision is recorded. @throws ATL_DOOR_DENIED
   */
  readonly readerOf: (location: string) => Promise<CodeReader>
}

/** Questions about code, answered in this process. */
export function createCodeQueries(services: CodeServices): CodeQueries {
  const { indexer } = services
  const search = new CodeSearch(services.database)

  const open = async ({ repository, by }: Pick<Question, 'repository' | 'by'>) => {
    const { scope, readerOf } = await services.authorise(by, repository)
    const opened = await services.openSource(repository)
    return { scope, reader: await readerOf(opened.source.location), ...opened }
  }

  const prepare = async (question: Question) => {
    const { scope, reader, source, revision } = await open(question)
    const { location } = source
    if (question.fresh) await indexer.index(scope, { source, revision })
    const commit = question.fresh
      ? revision.commit
      : await search.newestIndexed(scope, source, revision.commit)
    if (services.background && commit !== revision.commit) indexer.request(scope, { source, revision })
    if (commit === undefined) throw contextErrors.NOT_INDEXED({ detail: location })
    const indexing = commit !== revision.commit && indexer.isIndexing(location, revision.commit)
    return {
      scope,
      reader,
      source,
      answered: { repository: location, asked: revision.commit, commit, indexing },
    }
  }

  return {
    async index(request, onProgress) {
      const { scope, source, revision, notes } = await open(request)
      const report = await indexer.index(scope, { source, revision }, onProgress)
      return { repository: source.location, ...report, notes }
    },
    async search(question) {
      const query = parseQuery(question.words)
      if (query.terms.size === 0) throw contextErrors.NO_WORDS()
      const { scope, reader, answered } = await prepare(question)
      const { repository: location, commit } = answered
      const found = await search.search(scope, { location, commit, query, reader, kinds: question.kinds })
      return { ...answered, hits: found.slice(0, question.limit).map(presentHit) }
    },
    async context(question) {
      const query = parseQuery(question.issue.title, question.issue.body)
      if (query.terms.size === 0) throw contextErrors.NO_WORDS()
      const { scope, reader, source, answered } = await prepare(question)
      const { commit } = answered
      const context = await assembleContext(search, scope, {
        source,
        // A commit names its tree as well.
        revision: { commit, tree: commit },
        query,
        reader,
        tokens: question.tokens,
        suspects: question.suspects ?? [],
      })
      return { ...answered, ...context }
    },
    async symbol(question) {
      const query = parseQuery(question.name)
      if (query.terms.size === 0) throw contextErrors.NO_WORDS()
      const { scope, reader, answered } = await prepare(question)
      const { repository: location, commit } = answered
      const found = await search.search(scope, { location, commit, query, reader })
      return { ...answered, ...findSymbol(question.name, found, question.limit) }
    },
  }
}
