import { useState } from 'react'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { studio } from '../api/index.ts'
import { Button, Choice, ErrorNote, TextField } from '../ui/index.ts'
import { Secret, Soft, Stack } from '../panels/index.ts'
import { peopleQuery } from './queries.ts'

const kinds = [
  ['person', 'A person, who signs in'],
  ['service', 'A service, such as a build server'],
] as const

const handlePattern = /^[a-z0-9][a-z0-9._-]{0,59}$/

/** Adds a person, and shows the link by which they sign in the first time; or a service, for which somebody answers. */
export function AddMember({ onDone }: { readonly onDone: () => void }) {
  const [kind, setKind] = useState<'person' | 'service'>('person')
  const [handle, setHandle] = useState('')
  const [name, setName] = useState('')
  const [answeredForBy, setAnsweredForBy] = useState('')
  const cache = useQueryClient()
  const add = useMutation({
    mutationFn: async () => {
      if (kind === 'person') return (await studio.invitePerson({ body: { handle, name } })).link
      await studio.createServiceIdentity({ body: { handle, name, answeredForBy } })
      return null
    },
    onSuccess: (link) => {
      void cache.invalidateQueries(peopleQuery)
      if (link === null) onDone()
    },
  })
  if (add.data != null)
    return (
      <Secret
        secret={add.data}
        label="Link to sign in"
        words={`Send this to ${name}. It works once, and is not shown again. A new one can be made any time.`}
        onDone={onDone}
      />
    )
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        add.mutate()
      }}
    >
      <Stack>
        <Choice
          label="Who"
          value={kind}
          choices={kinds}
          onChange={(value) => setKind(value === 'service' ? 'service' : 'person')}
        />
        <TextField
          label="Name"
          placeholder={kind === 'person' ? 'Ada Lovelace' : 'Build server'}
          required
          maxLength={100}
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
        <TextField
          label="Handle"
          placeholder={kind === 'person' ? 'ada' : 'build-server'}
          hint="Stands in every record and never changes: small letters, digits and . _ -"
          problem={
            handle === '' || handlePattern.test(handle)
              ? undefined
              : 'Use small letters, digits and . _ - only.'
          }
          required
          value={handle}
          onChange={(event) => setHandle(event.target.value)}
        />
        {kind === 'service' && (
          <TextField
            label="Answered for by"
            placeholder="person:ada"
            hint="The id of the person who answers for what the service does."
            required
            value={answeredForBy}
            onChange={(event) => setAnsweredForBy(event.target.value)}
          />
        )}
        <Soft>Nobody can do anything before they have a role: give one afterwards.</Soft>
        {add.isError && <ErrorNote error={add.error} />}
        <div>
          <Button look="primary" type="submit" busy={add.isPending} disabled={!handlePattern.test(handle)}>
            {kind === 'person' ? 'Add and get the link' : 'Add the service'}
          </Button>
        </div>
      </Stack>
    </form>
  )
}
