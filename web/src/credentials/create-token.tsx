import { useState } from 'react'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { studio } from '../api/index.ts'
import { Button, Choice, ErrorNote, TextField } from '../ui/index.ts'
import { Secret, Stack } from '../panels/index.ts'
import styles from './create-token.module.css'

const scopes = [
  ['read', 'Read', 'work, runs, evidence and what the holder may see'],
  ['work', 'Work', 'submit work, cancel and resume runs, answer agents'],
  ['decide', 'Decide', 'approve and reject in the holder’s name'],
  ['models', 'Models', 'ask models at the gateway, on the holder’s account'],
  ['administer', 'Administer', 'everything else: people, budgets, policies'],
] as const

const spans = [
  ['7', 'A week'],
  ['30', '30 days'],
  ['90', '90 days'],
  ['366', 'A year'],
] as const

/** Makes a token and shows it, once. */
export function CreateToken({
  onDone,
  scopes: preset = ['read'],
}: {
  readonly onDone: () => void
  /** What it opens, to begin with. */
  readonly scopes?: readonly string[]
}) {
  const [name, setName] = useState('')
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set(preset))
  const [days, setDays] = useState('90')
  const [service, setService] = useState('')
  const cache = useQueryClient()
  const create = useMutation({
    mutationFn: () =>
      studio.createToken({
        body: {
          name,
          scopes: [...chosen],
          days: Number(days),
          ...(service.trim() === '' ? {} : { for: service.trim() }),
        },
      }),
    onSuccess: () => void cache.invalidateQueries({ queryKey: ['tokens'] }),
    gcTime: 0,
  })
  if (create.data !== undefined)
    return (
      <Secret
        secret={create.data.token}
        label="Token"
        words="Keep it where your program finds it, for example in ATELIER_TOKEN. It is not shown again: the studio itself only knows its hash."
        onDone={onDone}
      />
    )
  const toggle = (scope: string): void => {
    const next = new Set(chosen)
    if (!next.delete(scope)) next.add(scope)
    setChosen(next)
  }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        create.mutate()
      }}
    >
      <Stack>
        <TextField
          label="Name"
          placeholder="Nightly build"
          hint="By which you know it again in this list and in the audit log."
          autoFocus
          required
          maxLength={100}
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
        <fieldset className={styles['scopes']}>
          <legend>What it opens</legend>
          {scopes.map(([scope, word, what]) => (
            <label key={scope}>
              <input type="checkbox" checked={chosen.has(scope)} onChange={() => toggle(scope)} />
              <span>
                <strong>{word}</strong> {what}
              </span>
            </label>
          ))}
        </fieldset>
        <Choice label="Ends after" value={days} choices={spans} onChange={setDays} />
        <TextField
          label="For a service"
          placeholder="service:build-server"
          hint="Empty: for yourself."
          value={service}
          onChange={(event) => setService(event.target.value)}
        />
        {create.isError && <ErrorNote error={create.error} />}
        <div>
          <Button
            look="primary"
            type="submit"
            busy={create.isPending}
            disabled={name.trim() === '' || chosen.size === 0}
          >
            Make the token
          </Button>
        </div>
      </Stack>
    </form>
  )
}
