import { useState } from 'react'
import { Link } from '@tanstack/react-router'
import { Bookmark, X } from 'lucide-react'
import { useSearchParameters, writeSearchParameters } from '../app/search-parameters.ts'
import { Button, Dialog, ErrorNote, TextField } from '../ui/index.ts'
import { useSavedViews } from './saved-views.ts'
import styles from './run-filters.module.css'

/** The views that somebody keeps under a name, and a way to keep the one that is shown. */
export function KeptViews() {
  const { values } = useSearchParameters()
  const { views, save, forget, error } = useSavedViews()
  const [naming, setNaming] = useState(false)
  const here = writeSearchParameters(values)
  const isKept = views.some(({ search }) => search === here)
  return (
    <>
      {views.length > 0 && (
        <nav aria-label="Kept views" className={styles['list']}>
          {views.map(({ name, search }) => (
            <span key={name} className={styles['view']} data-current={search === here}>
              <Link to={`/runs${search}`} className={styles['filter']}>
                {name}
              </Link>
              <button type="button" aria-label={`Forget the view ${name}`} onClick={() => forget(name)}>
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
      {error !== null && <ErrorNote error={error} />}
      <Dialog open={naming} onClose={() => setNaming(false)} title="Keep this view">
        <ViewName
          onName={(name) => {
            save({ name, search: here })
            setNaming(false)
          }}
        />
      </Dialog>
    </>
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
        hint="Yours, wherever you sign in. The address of the page can be shared with others as it is."
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
