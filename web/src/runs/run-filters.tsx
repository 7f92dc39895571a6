import { lazy, Suspense, useRef } from 'react'
import { Link } from '@tanstack/react-router'
import { Search } from 'lucide-react'
import { useShortcuts } from '../keyboard/index.ts'
import { useSearchParameters } from '../app/search-parameters.ts'
import { useProjects } from '../project/index.ts'
import { stages } from './run-filter.ts'
import styles from './run-filters.module.css'

const KeptViews = lazy(async () => ({ default: (await import('./kept-views.tsx')).KeptViews }))

/** What the list is limited to, and the views that somebody has kept under a name. */
export function RunFilters() {
  const { values } = useSearchParameters()
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
      <Suspense>
        <KeptViews />
      </Suspense>
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
