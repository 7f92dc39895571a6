import { useEffect } from 'react'
import { useQuery } from '@tanstack/react-query'
import { KeyRound } from 'lucide-react'
import { listProviders, signInAddress } from '../api/index.ts'
import { buttonClass, EmptyState } from '../ui/index.ts'
import { useSearchParameters } from './search-parameters.ts'

/** Where to go after signing in: only to an address of this application, whatever the link says. */
function backTo(address: string | undefined): string {
  return address !== undefined && /^\/(?![/\\])/.test(address) ? address : '/'
}

/** Where somebody lands whom the studio does not know yet. */
export function SignInScreen() {
  const { values } = useSearchParameters()
  const { data: providers } = useQuery({
    queryKey: ['providers'],
    queryFn: ({ signal }) => listProviders(signal),
  })
  useEffect(() => {
    document.title = 'Sign in · Atelier'
  }, [])
  return (
    <main>
      <h1 className="visually-hidden">Atelier</h1>
      <EmptyState
        icon={KeyRound}
        title="Sign in to Atelier"
        actions={providers?.map((provider) => (
          <a
            key={provider.id}
            href={signInAddress(provider, backTo(values['back']))}
            className={buttonClass('primary')}
          >
            Continue with {provider.name}
          </a>
        ))}
      >
        <p>
          On a machine of your own, open the link that the studio printed when it started; it works once. A
          studio for an organisation offers its sign-in here.
        </p>
      </EmptyState>
    </main>
  )
}
