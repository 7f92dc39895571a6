import { useRef, useState } from 'react'
import { Link } from '@tanstack/react-router'
import { Bookmark, Search, X } from 'lucide-react'
import { Button, Dialog, TextField } from '../ui/index.ts'
import { useShortcuts } from '../keyboard/index.ts'
import { useSearchParameters, writeSearchParameters } from '../app/search-parameters.ts'
import { useProjects } from '../project/index.ts'
import { stages } from './run-filter.ts'
import { forgetView, saveView, useSavedViews } from './saved-views.ts'
import styles from './run-filters.module.css'

/** What the list is limited to, and the views that somebody has kept under a name. */
export function RunFilters() {
  const { values } = useSearchParameters()
  const views = useSavedViews()
  const [naming, setNaming] = useState(false)
  const here = writeSearchParameters(values)
  const isKept = views.some(({ search }) => search === here)
  return (
    <div className={styles['filters']}>
      <RunSearch key={values['text']} />
      <nav aria-label="Runs by status" className={styles['list']}>
        {stages.map(({ words, values: { status, outcome } }) => (
          <Link
            key={words}
            to="."
            search={(previous: Record<string, string>) => ({ ...previous, status, outcome })}
            replace
            aria-current={values['status'] === status && values['outcome'] === outcome ? 'true' : undefined}
            className={styles['filter']}
          >
            {words}
          </Link>
        ))}
      </nav>
      <ProjectFilter />
      {views.length > 0 && (
        <nav aria-label="Kept views" className={styles['list']}>
          {views.map(({ name, search }) => (
            <span key={name} className={styles['view']} data-current={search === here}>
              <Link to={`/runs${search}`} className={styles['filter']}>
                {name}
              </Link>
              <button type="button" aria-label={`Forget the view ${name}`} onClick={() => forgetView(name)}>
                <X size={13} aria-hidden />
              </button>
            </span>
          ))}
        </nav>
      )}
      {here !== '' && !isKept && (
        <Button look="quiet" icon={<Bookmark size={14} aria-hidden />} onClick={() => setNaming(true)}>
          Keep this view
        </Button>
      )}
      <Dialog open={naming} onClose={() => setNaming(false)} title="Keep this view">
        <ViewName
          onName={(name) => {
            saveView({ name, search: here })
            setNaming(false)
          }}
        />
      </Dialog>
    </div>
  )
}

/** One project or all, where there is more than one. */
function ProjectFilter() {
  const { values, change } = useSearchParameters()
  const projects = useProjects()
  if (projects.length === 0) return null
  return (
    <select
      className={styles['project']}
      aria-label="Project"
      value={values['projectId'] ?? ''}
      onChange={({ target }) => change({ projectId: target.value === '' ? undefined : target.value })}
    >
      <option value="">All projects</option>
      {projects.map(({ id, name }) => (
        <option key={id} value={id}>
          {name}
        </option>
      ))}
    </select>
  )
}

/** Part of a title or id, looked for once it is typed. */
function RunSearch() {
  const { values, change } = useSearchParameters()
  const field = useRef<HTMLInputElement>(null)
  useShortcuts([{ keys: '/', does: 'Search', group: 'Lists', run: () => field.current?.focus() }])
  return (
    <form
      role="search"
      className={styles['search']}
      onSubmit={(event) => {
        event.preventDefault()
        change({ text: field.current?.value.trim() })
      }}
    >
      <Search size={14} aria-hidden />
      <input
        ref={field}
        type="search"
        aria-label="Search runs by title or id"
        placeholder="Title or id"
        maxLength={200}
        defaultValue={values['text']}
      />
    </form>
  )
}

function ViewName({ onName }: { readonly onName: (name: string) => void }) {
  const [name, setName] = useState('')
  return (
    <form
      className={styles['naming']}
      onSubmit={(event) => {
        event.preventDefault()
        if (name.trim() !== '') onName(name.trim())
      }}
    >
      <TextField
        label="Name"
        hint="Kept in this browser. The address of the page can be shared as it is."
        autoFocus
        maxLength={40}
        value={name}
        onChange={(event) => setName(event.target.value)}
      />
      <Button look="primary" type="submit" disabled={name.trim() === ''}>
        Keep
      </Button>
    </form>
  )
}
