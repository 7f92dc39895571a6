import { KeyRound } from 'lucide-react'
import { EmptyState } from '../ui/index.ts'

/** Where somebody lands whom the studio does not know yet. */
export function SignInScreen() {
  return (
    <main>
      <EmptyState icon={KeyRound} title="Sign in to Atelier">
        <p>Open the link that the studio printed when it started; it works once.</p>
      </EmptyState>
    </main>
  )
}
