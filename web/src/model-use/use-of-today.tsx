import { Meter, Soft, Stack } from '../panels/index.ts'
import { projectName, useProjects } from '../project/index.ts'
import { formatDuration, formatMoment, formatMoney, formatShortNumber } from '../ui/index.ts'
import type { ModelUse } from './queries.ts'
import styles from './model-use.module.css'

type Unit = keyof ModelUse['limits']

/** Units with their names and how they are written. */
const units: readonly (readonly [Unit, string, (value: number) => string])[] = [
  ['money', 'Money', formatMoney],
  ['tokens', 'Tokens', formatShortNumber],
  ['toolCalls', 'Calls', formatShortNumber],
  ['seconds', 'Time', formatDuration],
]

/** The limits of a day in a sentence: `$20.00 and 50M tokens`. */
function limitsInWords(limits: ModelUse['limits']): string {
  const words = units.flatMap(([unit, name, format]) => {
    const limit = limits[unit]
    if (limit === null) return []
    return unit === 'money' || unit === 'seconds'
      ? [format(limit)]
      : [`${format(limit)} ${name.toLowerCase()}`]
  })
  return words.length === 0 ? 'as much as the project has' : new Intl.ListFormat('en').format(words)
}

/** What is left of the day in each project in which models were asked, and what a day holds. */
export function UseOfToday({ use: { limits, isOwn, projects, endsAt } }: { readonly use: ModelUse }) {
  const known = useProjects()
  return (
    <Stack>
      <Soft>
        Each day in each project: {limitsInWords(limits)}
        {isOwn ? ', as set for this account' : ', as for everybody for whom nothing else is set'}. What the
        project and the tenant have left counts too. The day ends at {formatMoment(endsAt)}.
      </Soft>
      {projects.length === 0 ? (
        <p>No model was asked today.</p>
      ) : (
        projects.map(({ projectId, units: used }) => (
          <div key={projectId} className={styles['project']}>
            {known.length > 0 && <strong>{projectName(known, projectId)}</strong>}
            <div className={styles['units']}>
              {units.map(([unit, name, format]) => {
                const { limit, spent, reserved } = used[unit]
                const held = reserved === 0 ? '' : `, ${format(reserved)} held for calls`
                return (
                  <div key={unit}>
                    <p className={styles['unit']}>{name}</p>
                    <Meter
                      label={`${name} today in ${projectName(known, projectId)}`}
                      used={spent}
                      held={reserved}
                      limit={limit}
                      words={`${format(spent)} used${held}${limit === null ? '' : ` of ${format(limit)}`}`}
                    />
                  </div>
                )
              })}
            </div>
          </div>
        ))
      )}
    </Stack>
  )
}
