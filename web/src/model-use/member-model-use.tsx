import { useState } from 'react'
import { useQuery } from '@tanstack/react-query'
import { useMay } from '../api/index.ts'
import { LimitForm } from '../governance/budgets/limit-form.tsx'
import { Loaded } from '../panels/index.ts'
import { Button, Dialog, Section } from '../ui/index.ts'
import { modelUseQuery, type ModelUse } from './queries.ts'
import { UseOfToday } from './use-of-today.tsx'

/** What a person or service may ask of models each day and has asked today, for those who may read budgets. */
export function MemberModelUse({ id, name }: { readonly id: string; readonly name: string }) {
  const query = useQuery(modelUseQuery(id))
  const mayLimit = useMay({ inTenant: 'set-budget' })
  const [limiting, setLimiting] = useState(false)
  return (
    <Section
      title="Models, each day"
      beside={
        mayLimit === true &&
        query.data !== undefined && (
          <Button look="quiet" aria-label={`Limits of ${name}`} onClick={() => setLimiting(true)}>
            Limits
          </Button>
        )
      }
    >
      <Loaded query={query} lines={2}>
        {(use) => <UseOfToday use={use} />}
      </Loaded>
      <Dialog open={limiting} onClose={() => setLimiting(false)} title={`What ${name} may use each day`}>
        {query.data !== undefined && (
          <LimitForm account={accountOf(id, query.data)} onDone={() => setLimiting(false)} />
        )}
      </Dialog>
    </Section>
  )
}

/** As an account, of which nothing but the limits is looked at. */
function accountOf(subject: string, { limits }: ModelUse) {
  const unit = (limit: number | null) => ({ limit, reserved: 0, spent: 0 })
  return {
    level: 'person' as const,
    subject,
    units: {
      money: unit(limits.money),
      tokens: unit(limits.tokens),
      toolCalls: unit(limits.toolCalls),
      seconds: unit(limits.seconds),
    },
  }
}
