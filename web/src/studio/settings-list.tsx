import { formatDuration, formatMoney, formatNumber } from '../ui/index.ts'
import styles from './studio.module.css'

interface Setting {
  readonly name: string
  readonly value: string
}

function isGroup(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function wordsOf(name: string, value: unknown): string {
  if (Array.isArray(value)) return value.map((each) => wordsOf(name, each)).join(', ')
  if (typeof value === 'string') return value
  if (typeof value === 'number') {
    if (/money$/i.test(name)) return formatMoney(value)
    if (/seconds$/i.test(name)) return formatDuration(value)
    return formatNumber(value)
  }
  return JSON.stringify(value)
}

/** Nested settings as lines: `model.route`, `limits.seconds`. */
export function linesOf(settings: Readonly<Record<string, unknown>>, within = ''): readonly Setting[] {
  return Object.entries(settings).flatMap(([key, value]) => {
    const name = within === '' ? key : `${within}.${key}`
    if (value === undefined || value === null) return []
    return isGroup(value) ? linesOf(value, name) : [{ name, value: wordsOf(key, value) }]
  })
}

/** Settings of any shape, one to a line. */
export function SettingsList({ settings }: { readonly settings: Readonly<Record<string, unknown>> }) {
  return (
    <dl className={styles['settings']}>
      {linesOf(settings).map(({ name, value }) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}
