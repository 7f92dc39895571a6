import type { Caller } from '../../../contracts/index.ts'
import type { Services } from '../../services/index.ts'
import type { Handlers } from '../handler.ts'

type RepositoryHandlers = Pick<
  Handlers,
  'setRepositoryTrust' | 'indexCode' | 'searchCode' | 'assembleCodeContext' | 'findSymbol'
>

export function repositoryHandlers({ repositories }: Pick<Services, 'repositories'>): RepositoryHandlers {
  return {
    setRepositoryTrust: ({ caller, body }) => repositories.setTrust(caller, body),
    indexCode: ({ caller, body }) => repositories.codeFor(caller).index(asked(caller, body)),
    searchCode: ({ caller, body }) => repositories.codeFor(caller).search(asked(caller, body)),
    assembleCodeContext: ({ caller, body }) => repositories.codeFor(caller).context(asked(caller, body)),
    findSymbol: ({ caller, body }) => repositories.codeFor(caller).symbol(asked(caller, body)),
  }
}

interface About {
  readonly repository: { readonly location: string; readonly revision?: string | undefined }
}

/** A question with who asks it. */
function asked<B extends About>({ principal }: Caller, body: B) {
  const { location, revision } = body.repository
  const repository = { location, ...(revision === undefined ? {} : { revision }) }
  return { ...body, repository, by: principal.id }
}
