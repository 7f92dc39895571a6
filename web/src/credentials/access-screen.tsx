import { useMay } from '../api/index.ts'
import { useSearchParameters } from '../app/search-parameters.ts'
import { Page, Tabs } from '../ui/index.ts'
import { SessionList } from './session-list.tsx'
import { TokenList } from './token-list.tsx'

const tabs = [
  { id: 'tokens', label: 'My tokens' },
  { id: 'all', label: 'All tokens' },
  { id: 'sessions', label: 'My sessions' },
] as const

/** By what the studio recognises somebody: tokens for programs, sessions of browsers. */
export function AccessScreen() {
  const { values } = useSearchParameters()
  const mayAll = useMay({ inTenant: 'manage-tokens' })
  const open = tabs.filter(({ id }) => id !== 'all' || mayAll === true)
  const current = open.find(({ id }) => id === values['view'])?.id ?? 'tokens'
  return (
    <Page
      title="Tokens and sessions"
      lead="A token lets a program act with some of your rights, a session is a browser in which you are signed in."
      bar={<Tabs label="Tokens and sessions" tabs={open} current={current} />}
    >
      {current === 'sessions' ? <SessionList /> : <TokenList whose={current === 'all' ? 'all' : 'own'} />}
    </Page>
  )
}
