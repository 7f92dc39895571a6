import { useState } from 'react'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { studio } from '../../api/index.ts'
import { Button, ErrorNote, TextField, useAnnouncer } from '../../ui/index.ts'
import { Columns, Soft, Stack } from '../../panels/index.ts'
import { useProjects } from '../../project/index.ts'
import { accountName, units } from './account-tree.tsx'
import { readCount, readMoney } from './figures.ts'
import type { Account } from './queries.ts'

type Unit = keyof Account['units']

/** Sets what an account may use at most; an empty field is no limit. */
export function LimitForm({ account, onDone }: { readonly account: Account; readonly onDone: () => void }) {
  const { level, subject } = account
  const projects = useProjects()
  const [texts, setTexts] = useState<Readonly<Record<Unit, string>>>(() => ({
    money: textOf(account, 'money', 1_000_000),
    tokens: textOf(account, 'tokens'),
    toolCalls: textOf(account, 'toolCalls'),
    seconds: textOf(account, 'seconds'),
  }))
  const cache = useQueryClient()
  const { say } = useAnnouncer()
  const read = (unit: Unit): number | undefined =>
    unit === 'money' ? readMoney(texts.money) : readCount(texts[unit])
  const wrong = (unit: Unit): boolean => texts[unit].trim() !== '' && read(unit) === undefined
  const set = useMutation({
    mutationFn: () => {
      if (level === 'step') throw new Error('Steps have no budget of their own to set')
      const limits = units.flatMap(([unit]) => {
        const limit = read(unit)
        return limit === undefined ? [] : [[unit, limit] as const]
      })
      return studio.setBudget({ params: { level, subject }, body: Object.fromEntries(limits) })
    },
    onSuccess: async () => {
      await cache.invalidateQueries({ queryKey: ['budgets'] })
      say(`The limits of ${accountName(account, projects)} hold from now on.`)
      onDone()
    },
  })
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        set.mutate()
      }}
    >
      <Stack>
        <Columns>
          {units.map(([unit, name]) => (
            <TextField
              key={unit}
              label={
                unit === 'money' ? 'Money, in US dollars' : unit === 'seconds' ? 'Time, in seconds' : name
              }
              placeholder="No limit"
              inputMode="decimal"
              problem={wrong(unit) ? 'Write a number, or leave it empty for no limit.' : undefined}
              value={texts[unit]}
              onChange={(event) => setTexts({ ...texts, [unit]: event.target.value })}
            />
          ))}
        </Columns>
        <Soft>
          {level === 'person'
            ? 'They hold for what is asked of models at the gateway, on each day in each project, and at once for what is left of today.'
            : 'What is reserved for steps under way counts as used, so a limit cannot be set below that. Runs that come upon it stop before the next step and can be resumed after it is raised.'}
        </Soft>
        {set.isError && <ErrorNote error={set.error} />}
        <div>
          <Button
            look="primary"
            type="submit"
            busy={set.isPending}
            disabled={units.some(([unit]) => wrong(unit))}
          >
            Set the limits
          </Button>
        </div>
      </Stack>
    </form>
  )
}

function textOf({ units: amounts }: Account, unit: Unit, divisor = 1): string {
  const { limit } = amounts[unit]
  return limit === null ? '' : String(limit / divisor)
}
