import { useId, useMemo, useState } from 'react'
import { flushSync } from 'react-dom'
import { useNavigate } from '@tanstack/react-router'
import { CirclePlay, Search, Zap } from 'lucide-react'
import { describeFailure } from '../api/index.ts'
import { dialogGroup, useRegisteredShortcuts, type Shortcut } from '../keyboard/index.ts'
import { Age, Keys, repositoryName, Status } from '../ui/index.ts'
import type { Command } from './commands.ts'
import { findCommands } from './find-commands.ts'
import { type FoundRuns, useFoundRuns } from './found-runs.ts'
import styles from './palette.module.css'

/** A command with what stands beside it. */
interface Entry extends Command {
  readonly beside?: React.ReactNode
}

interface EntryGroup {
  readonly name: string
  readonly entries: readonly Entry[]
}

/** Keys that are found under another name, or mean nothing here. */
const elsewhere = new Set(['Go', 'Anywhere', dialogGroup])

/** What can be done on the page under the palette, by the names of its keys. */
function usePageActions(): readonly Entry[] {
  const registered = useRegisteredShortcuts()
  const onPage = registered().filter(({ group }) => !elsewhere.has(group))
  const byKeys = new Map(onPage.map((shortcut) => [shortcut.keys, shortcut]))
  const runAsItIsNow = ({ keys, does }: Shortcut): void =>
    registered()
      .findLast((each) => each.keys === keys && each.does === does)
      ?.run()
  return [...byKeys.values()].map((shortcut) => ({
    id: `page-${shortcut.keys.replaceAll(/\W/g, (sign) => String(sign.codePointAt(0)))}`,
    title: shortcut.does,
    icon: Zap,
    words: shortcut.group,
    keys: shortcut.keys,
    run: () => runAsItIsNow(shortcut),
  }))
}

/** Runs that were found, and behind them the list of all that the text is about. */
function useRunEntries({ runs }: FoundRuns, text: string): readonly Entry[] {
  const navigate = useNavigate()
  return useMemo(
    () => [
      ...runs.map(({ id, title, status, outcome, repository, createdAt }) => ({
        id,
        title,
        icon: CirclePlay,
        words: '',
        beside: (
          <span className={styles['facts']}>
            {repositoryName(repository)} <Age time={createdAt} />
            <Status status={outcome ?? status} look="icon" />
          </span>
        ),
        run: () => void navigate({ to: `/runs/${id}` }),
      })),
      ...(text === ''
        ? []
        : [
            {
              id: 'all-runs',
              title: `All runs about “${text}”`,
              icon: Search,
              words: '',
              run: () => void navigate({ to: '/runs', search: { text } }),
            },
          ]),
    ],
    [runs, text, navigate],
  )
}

/** A combobox over a list in groups, as the ARIA practices describe it. */
export function CommandSearch({
  commands,
  onClose,
}: {
  readonly commands: readonly Command[]
  readonly onClose: () => void
}) {
  const [query, setQuery] = useState('')
  const [active, setActive] = useState<string>()
  const listId = useId()
  const actions = usePageActions()
  const found = useFoundRuns(query)
  const runs = useRunEntries(found, query.trim())
  const groups: readonly EntryGroup[] = [
    { name: 'On this page', entries: findCommands(actions, query) },
    { name: 'Anywhere', entries: findCommands(commands, query) },
    { name: 'Runs', entries: runs },
  ].filter(({ entries }) => entries.length > 0)
  const entries = groups.flatMap((group) => group.entries)
  // By name and not by place: what comes in late moves nothing that somebody is about to choose.
  const chosen = entries.find(({ id }) => id === active) ?? entries[0]

  const run = (entry: Entry | undefined): void => {
    if (entry === undefined) return
    // Closed first: the dialog gives the focus back, and what is done may put it somewhere else.
    flushSync(onClose)
    entry.run()
  }
  const press = (event: React.KeyboardEvent): void => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (by !== undefined) {
      event.preventDefault()
      const at = chosen === undefined ? 0 : entries.indexOf(chosen)
      const next = entries[(at + by + entries.length) % Math.max(1, entries.length)]
      setActive(next?.id)
      if (next !== undefined)
        document.getElementById(`${listId}-${next.id}`)?.scrollIntoView({ block: 'nearest' })
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
          // Where it comes after its dialog; otherwise the dialog gives it the focus.
          autoFocus
          role="combobox"
          aria-label="Find a run or command"
          aria-expanded
          aria-controls={listId}
          aria-activedescendant={chosen === undefined ? undefined : `${listId}-${chosen.id}`}
          aria-autocomplete="list"
          placeholder="A run, where to, or what to do"
          maxLength={200}
          value={query}
          onChange={(event) => {
            setQuery(event.target.value)
            setActive(undefined)
          }}
          onKeyDown={press}
        />
      </div>
      <div id={listId} role="listbox" aria-label="Runs and commands" className={styles['list']}>
        {groups.map(({ name, entries: own }) => (
          <div key={name} role="group" aria-label={name}>
            <p aria-hidden>{name}</p>
            {own.map((entry) => (
              <div
                key={entry.id}
                id={`${listId}-${entry.id}`}
                role="option"
                className={styles['entry']}
                aria-selected={entry === chosen}
                onClick={() => run(entry)}
                onPointerMove={() => setActive(entry.id)}
              >
                <entry.icon size={16} aria-hidden />
                <span className={styles['title']}>{entry.title}</span>
                {entry.beside}
                {entry.keys !== undefined && <Keys keys={entry.keys} />}
              </div>
            ))}
          </div>
        ))}
      </div>
      <p className={styles['state']} role="status">
        {inWords(found)}
      </p>
    </div>
  )
}

/** What is looked through just now. */
function inWords({ state, runs, error }: FoundRuns): string {
  switch (state) {
    case 'not asked':
      return 'Finds what this page can do, every screen, and runs by words of their title or by id.'
    case 'offline':
      return 'You are offline: runs are not looked for.'
    case 'searching':
      return 'Looking for runs'
    case 'failed':
      return `Runs cannot be looked for: ${describeFailure(error).message}.`
    case 'found':
      return runs.length === 0 ? 'None of the newest runs is about this.' : ''
  }
}
