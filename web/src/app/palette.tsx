import { useId, useState } from 'react'
import { Search } from 'lucide-react'
import { Dialog, Keys } from '../ui/index.ts'
import { findCommands, type Command } from './commands.ts'
import styles from './palette.module.css'

/** Everything by typing a few letters: a combobox over a list, as the ARIA practices describe it. */
export function Palette({
  open,
  onClose,
  commands,
}: {
  readonly open: boolean
  readonly onClose: () => void
  readonly commands: readonly Command[]
}) {
  return (
    <Dialog open={open} onClose={onClose} title="Commands">
      <CommandSearch commands={commands} onClose={onClose} />
    </Dialog>
  )
}

function CommandSearch({
  commands,
  onClose,
}: {
  readonly commands: readonly Command[]
  readonly onClose: () => void
}) {
  const [query, setQuery] = useState('')
  const [active, setActive] = useState(0)
  const listId = useId()
  const found = findCommands(commands, query)
  const chosen = found[Math.min(active, found.length - 1)]

  const run = (command: Command | undefined): void => {
    if (command === undefined) return
    onClose()
    command.run()
  }
  const press = (event: React.KeyboardEvent): void => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (by !== undefined) {
      event.preventDefault()
      setActive(
        (index) => (Math.min(index, found.length - 1) + by + found.length) % Math.max(1, found.length),
      )
    } else if (event.key === 'Enter') {
      event.preventDefault()
      run(chosen)
    }
  }

  return (
    <div className={styles['palette']}>
      <div className={styles['search']}>
        <Search size={16} aria-hidden />
        <input
          autoFocus
          role="combobox"
          aria-label="Find a command"
          aria-expanded
          aria-controls={listId}
          aria-activedescendant={chosen === undefined ? undefined : `${listId}-${chosen.id}`}
          aria-autocomplete="list"
          placeholder="Where to, or what to do"
          value={query}
          onChange={(event) => {
            setQuery(event.target.value)
            setActive(0)
          }}
          onKeyDown={press}
        />
      </div>
      <ul id={listId} role="listbox" aria-label="Commands">
        {found.map((command) => (
          <li
            key={command.id}
            id={`${listId}-${command.id}`}
            role="option"
            aria-selected={command === chosen}
            onClick={() => run(command)}
            onPointerMove={() => setActive(found.indexOf(command))}
          >
            <command.icon size={16} aria-hidden />
            <span>{command.title}</span>
            {command.keys !== undefined && <Keys keys={command.keys} />}
          </li>
        ))}
      </ul>
      {found.length === 0 && <p className={styles['none']}>No command has these words. Try another one.</p>}
    </div>
  )
}
