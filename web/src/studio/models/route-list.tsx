import { useState } from 'react'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Route as RouteIcon } from 'lucide-react'
import { studio, useMay } from '../../api/index.ts'
import { useSearchParameters } from '../../app/search-parameters.ts'
import {
  Age,
  Button,
  EmptyState,
  ErrorNote,
  principalName,
  Section,
  Tag,
  TextField,
  useAnnouncer,
} from '../../ui/index.ts'
import { PlainTable, Row, Soft, Split, Stack } from '../../panels/index.ts'
import { modelsQuery, type ModelOverview } from '../queries.ts'
import { ModelState } from './model-state.tsx'
import { sharesOf } from './weights.ts'
import styles from '../studio.module.css'

type Route = ModelOverview['routes'][number]

/** Routes with how they share calls out today, and a way to shift that. */
export function RouteList({ routes, models }: Pick<ModelOverview, 'routes' | 'models'>) {
  const { values } = useSearchParameters()
  const chosen = routes.find(({ name }) => name === values['route']) ?? routes[0]
  return (
    <Split
      label="Routes"
      parameter="route"
      chosen={values['route']}
      items={routes.map(({ name, targets, shifted }) => ({
        id: name,
        title: name,
        note: targets.map(({ model }) => model).join(', '),
        beside: shifted === null ? undefined : <Tag tone="warn">shifted</Tag>,
      }))}
    >
      {chosen === undefined ? (
        <EmptyState icon={RouteIcon} title="No routes">
          <p>Write some in routes.yaml in the data directory.</p>
        </EmptyState>
      ) : (
        <RouteDetail
          // A shift that somebody else made shows at once.
          key={`${chosen.name} ${chosen.shifted?.at ?? ''}`}
          route={chosen}
          models={models}
        />
      )}
    </Split>
  )
}

function RouteDetail({ route, models }: { readonly route: Route } & Pick<ModelOverview, 'models'>) {
  const { name, targets, fallback, shifted } = route
  const mayShift = useMay({ inTenant: 'set-model-weights' })
  const modelOf = new Map(models.map((model) => [model.id, model]))
  const stateOf = (id: string) => {
    const model = modelOf.get(id)
    return model === undefined ? 'not in the catalogue' : <ModelState model={model} />
  }
  const shares = sharesOf(targets.map(({ weight }) => weight))
  return (
    <>
      <Section title={name}>
        <Stack>
          {shifted !== null && (
            <Soft>
              Shifted by {principalName(shifted.by)} <Age time={shifted.at} />: {shifted.reason}
            </Soft>
          )}
          <div className={styles['share']} aria-hidden>
            {shares.map((share, index) => (
              <span key={targets[index]?.model} style={{ width: `${share}%` }} />
            ))}
          </div>
          <PlainTable
            label={`Targets of ${name}`}
            rows={targets.map((target, index) => ({ ...target, share: shares[index] ?? 0 }))}
            rowKey={({ model }) => model}
            columns={[
              { header: 'Model', cell: ({ model }) => <strong>{model}</strong> },
              { header: 'Share', align: 'end', cell: ({ share }) => `${share} %` },
              { header: 'State', cell: ({ model }) => stateOf(model) },
            ]}
          />
        </Stack>
      </Section>
      {fallback.length > 0 && (
        <Section title="Fallbacks, in this order">
          <PlainTable
            label={`Fallbacks of ${name}`}
            rows={fallback}
            rowKey={({ model }) => model}
            columns={[
              { header: 'Model', cell: ({ model }) => <strong>{model}</strong> },
              { header: 'When', cell: ({ on }) => on.join(', ') },
              { header: 'State', cell: ({ model }) => stateOf(model) },
            ]}
          />
        </Section>
      )}
      {mayShift === true && (targets.length > 1 || shifted !== null) && (
        <Section title="Shift">
          <ShiftForm route={route} />
        </Section>
      )}
    </>
  )
}

/** Weights by sliders, with what they come to; or back to those of the file. */
function ShiftForm({ route: { name, targets, shifted } }: { readonly route: Route }) {
  const [weights, setWeights] = useState<Readonly<Record<string, number>>>(() =>
    Object.fromEntries(targets.map(({ model, weight }) => [model, weight])),
  )
  const [reason, setReason] = useState('')
  const cache = useQueryClient()
  const { say } = useAnnouncer()
  const shift = useMutation({
    mutationFn: (how: 'shift' | 'back') =>
      how === 'shift'
        ? studio.setRouteWeights({ params: { route: name }, body: { weights, reason } })
        : studio.resetRouteWeights({ params: { route: name }, body: { reason } }),
    onSuccess: (overview) => {
      cache.setQueryData(modelsQuery.queryKey, overview)
      setReason('')
      say('The route is shifted, in all processes within a second.')
    },
  })
  const shares = sharesOf(targets.map(({ model }) => weights[model] ?? 0))
  const most = Math.max(100, ...targets.map(({ weight }) => weight))
  const hasReason = reason.trim() !== ''
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        shift.mutate('shift')
      }}
    >
      <Stack>
        <div className={styles['weights']}>
          {targets.map(({ model }, index) => (
            <label key={model}>
              {model}
              <input
                type="range"
                min={0}
                max={most}
                value={weights[model] ?? 0}
                aria-valuetext={`${shares[index] ?? 0} percent`}
                onChange={(event) => setWeights({ ...weights, [model]: Number(event.target.value) })}
              />
              <output>{shares[index]} %</output>
            </label>
          ))}
        </div>
        <TextField
          label="Reason"
          hint="It stands in the audit log."
          placeholder="Canary of the new model"
          maxLength={2000}
          value={reason}
          onChange={(event) => setReason(event.target.value)}
        />
        {shift.isError && <ErrorNote error={shift.error} />}
        <Row>
          <Button
            look="primary"
            type="submit"
            busy={shift.isPending && shift.variables === 'shift'}
            disabled={!hasReason || shares.every((share) => share === 0)}
          >
            Shift
          </Button>
          {shifted !== null && (
            <Button
              busy={shift.isPending && shift.variables === 'back'}
              disabled={!hasReason}
              onClick={() => shift.mutate('back')}
            >
              Back to the file
            </Button>
          )}
        </Row>
      </Stack>
    </form>
  )
}
