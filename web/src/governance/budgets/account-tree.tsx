import { useSearchParameters } from '../../app/search-parameters.ts'
import { useMay } from '../../api/index.ts'
import { type Project, projectName, useAllProjects, useProjects } from '../../project/index.ts'
import { Button, formatDuration, formatMoney, formatShortNumber, principalName } from '../../ui/index.ts'
import { Meter } from '../../panels/index.ts'
import type { Account } from './queries.ts'
import styles from './account-tree.module.css'

type Unit = keyof Account['units']

/** Units with their names and how they are written. */
export const units: readonly (readonly [Unit, string, (value: number) => string])[] = [
  ['money', 'Money', formatMoney],
  ['tokens', 'Tokens', formatShortNumber],
  ['toolCalls', 'Tool calls', formatShortNumber],
  ['seconds', 'Time', formatDuration],
]

/** As people call it: the tenant, or a project by its name. */
export function accountName({ level, subject }: Account, projects: readonly Project[]): string {
  if (level === 'person') return principalName(subject)
  return level === 'tenant' ? 'the whole tenant' : projectName(projects, subject)
}

/** The tenant and under it its projects, each with what is used and held of its limits. */
export function AccountTree({
  accounts,
  onLimit,
}: {
  readonly accounts: readonly Account[]
  readonly onLimit: (account: Account) => void
}) {
  const { change } = useSearchParameters()
  const projects = useProjects()
  const all = useAllProjects()
  const mayInTenant = useMay({ inTenant: 'set-budget' })
  const mayLimit = ({ level, subject }: Account): boolean =>
    level === 'tenant'
      ? mayInTenant === true
      : all.some(({ id, may }) => id === subject && may.includes('set-budget'))
  return (
    <ul className={styles['tree']}>
      {accounts.map((account) => (
        <li key={`${account.level} ${account.subject}`} data-level={account.level}>
          <div className={styles['name']}>
            <strong>
              {account.level === 'tenant' ? 'Whole tenant' : projectName(projects, account.subject)}
            </strong>
            <span>
              {account.level === 'project' && (
                <Button look="quiet" onClick={() => change({ project: account.subject })}>
                  By day
                </Button>
              )}
              {mayLimit(account) && (
                <Button
                  look="quiet"
                  aria-label={`Limits of ${accountName(account, projects)}`}
                  onClick={() => onLimit(account)}
                >
                  Limits
                </Button>
              )}
            </span>
          </div>
          <div className={styles['units']}>
            {units.map(([unit, name, format]) => {
              const { limit, spent, reserved } = account.units[unit]
              const held = reserved === 0 ? '' : `, ${format(reserved)} reserved`
              return (
                <div key={unit}>
                  <p className={styles['unit']}>{name}</p>
                  <Meter
                    label={`${name} of ${accountName(account, projects)}`}
                    used={spent}
                    held={reserved}
                    limit={limit}
                    words={`${format(spent)} spent${held}${limit === null ? ', no limit' : ` of ${format(limit)}`}`}
                  />
                </div>
              )
            })}
          </div>
        </li>
      ))}
    </ul>
  )
}
