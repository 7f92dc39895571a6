import { useState } from 'react'
import { useSearchParameters } from '../../app/search-parameters.ts'
import { Button, Choice, TextField } from '../../ui/index.ts'
import { Row } from '../../panels/index.ts'
import { outcomes } from './filters.ts'
import styles from './audit.module.css'

const fields = [
  ['principal', 'Who', 'person:ada'],
  ['action', 'What', 'decide-approval'],
  ['run', 'Run', 'run_…'],
] as const
const days = [
  ['from', 'From'],
  ['to', 'To'],
] as const
const names = ['text', 'principal', 'action', 'run', 'outcome', 'from', 'to'] as const

/** What the list is limited to. It goes into the address when Enter is pressed, so that a search can be passed on. */
export function AuditFilterForm() {
  const { values, change } = useSearchParameters()
  // A field is empty again when somebody goes back to an address without it.
  const here = names.map((name) => values[name] ?? '').join('\n')
  return <Fields key={here} values={values} change={change} />
}

function Fields({ values, change }: ReturnType<typeof useSearchParameters>) {
  const [draft, setDraft] = useState(values)
  const set = (name: string, value: string): void => setDraft({ ...draft, [name]: value })
  const isLimited = names.some((name) => (values[name] ?? '') !== '')
  return (
    <form
      role="search"
      aria-label="Audit records"
      className={styles['filters']}
      onSubmit={(event) => {
        event.preventDefault()
        change(Object.fromEntries(names.map((name) => [name, draft[name]?.trim()])))
      }}
    >
      <div className={styles['words']}>
        <TextField
          label="Words in the record"
          type="search"
          value={draft['text'] ?? ''}
          onChange={(event) => set('text', event.target.value)}
        />
      </div>
      {fields.map(([name, label, example]) => (
        <TextField
          key={name}
          label={label}
          placeholder={example}
          value={draft[name] ?? ''}
          onChange={(event) => set(name, event.target.value)}
        />
      ))}
      <Choice
        label="Outcome"
        value={draft['outcome'] ?? ''}
        choices={[['', 'Any'], ...outcomes.map((each) => [each, each] as const)]}
        onChange={(outcome) => {
          set('outcome', outcome)
          change({ outcome })
        }}
      />
      {days.map(([name, label]) => (
        <TextField
          key={name}
          label={label}
          type="date"
          value={draft[name] ?? ''}
          onChange={(event) => set(name, event.target.value)}
        />
      ))}
      <Row>
        <Button type="submit">Search</Button>
        {isLimited && (
          <Button
            look="quiet"
            onClick={() => change(Object.fromEntries(names.map((name) => [name, undefined])))}
          >
            Clear
          </Button>
        )}
      </Row>
    </form>
  )
}
