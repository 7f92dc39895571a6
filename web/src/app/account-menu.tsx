import { useId } from 'react'
import { useQuery } from '@tanstack/react-query'
import { CircleUserRound } from 'lucide-react'
import { meQuery } from '../api/index.ts'
import { Choice } from '../ui/index.ts'
import { chooseColourScheme, useColourScheme } from './colour-scheme.ts'
import styles from './account-menu.module.css'

const schemes = [
  ['system', 'As the system has it'],
  ['light', 'Light'],
  ['dark', 'Dark'],
] as const

/** Who is signed in, with which roles, and what they have chosen for themselves. */
export function AccountMenu() {
  const { data: me } = useQuery(meQuery)
  const scheme = useColourScheme()
  const id = useId()
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
      </div>
    </>
  )
}
