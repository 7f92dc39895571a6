import { useId } from 'react'
import { useMutation, useQuery } from '@tanstack/react-query'
import { CircleUserRound } from 'lucide-react'
import { meQuery, signOut } from '../api/index.ts'
import { Button, Choice, useAnnouncer } from '../ui/index.ts'
import { chooseColourScheme, useColourScheme } from './colour-scheme.ts'
import styles from './account-menu.module.css'

const schemes = [
  ['system', 'As the system has it'],
  ['light', 'Light'],
  ['dark', 'Dark'],
] as const

/** Leaves the page, and with it everything that was read in somebody's name. */
function leaveTo(address: string): void {
  window.location.assign(address)
}

/** Who is signed in, with which roles, and what they have chosen for themselves. */
export function AccountMenu() {
  const { data: me } = useQuery(meQuery)
  const scheme = useColourScheme()
  const id = useId()
  const { sayFailure } = useAnnouncer()
  const leave = useMutation({ mutationFn: signOut, onSuccess: leaveTo, onError: sayFailure })
  return (
    <>
      <button type="button" className={styles['account']} popoverTarget={id}>
        <CircleUserRound size={16} aria-hidden />
        <span>{me?.name ?? 'Account'}</span>
      </button>
      <div id={id} popover="auto" className={styles['menu']}>
        {me !== undefined && (
          <>
            <p className={styles['name']}>{me.name}</p>
            <p className={styles['soft']}>
              {me.roles.join(', ')} in {me.tenant.name}
            </p>
          </>
        )}
        <Choice
          label="Colours"
          value={scheme}
          choices={schemes}
          onChange={(value) => chooseColourScheme(schemes.find(([key]) => key === value)?.[0] ?? 'system')}
        />
        {me?.via === 'session' && (
          <Button className={styles['leave']} busy={leave.isPending} onClick={() => leave.mutate()}>
            Sign out
          </Button>
        )}
      </div>
    </>
  )
}
