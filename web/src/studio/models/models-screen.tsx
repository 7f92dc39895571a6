import { useQuery } from '@tanstack/react-query'
import { useSearchParameters } from '../../app/search-parameters.ts'
import { formatShortNumber, Page, Tabs } from '../../ui/index.ts'
import { Loaded, PlainTable, type PlainColumn } from '../../panels/index.ts'
import { modelsQuery, type ModelOverview } from '../queries.ts'
import { ModelState } from './model-state.tsx'
import { RouteList } from './route-list.tsx'

type Model = ModelOverview['models'][number]

const tabs = [
  { id: 'routes', label: 'Routes' },
  { id: 'models', label: 'Models' },
] as const

/** Which models there are, what they cost, and over which routes agents come to them. */
export function ModelsScreen() {
  const { values } = useSearchParameters()
  const query = useQuery(modelsQuery)
  const current = values['view'] === 'models' ? 'models' : 'routes'
  return (
    <Page
      title="Models and routes"
      lead="Agents ask a route, never a model: a route shares calls out by weight and goes on to a fallback when one fails."
      bar={<Tabs label="Models and routes" tabs={tabs} current={current} />}
    >
      <Loaded query={query} lines={10}>
        {({ models, routes, currency }) =>
          current === 'routes' ? (
            <RouteList routes={routes} models={models} />
          ) : (
            <PlainTable label="Models" columns={columnsOf(currency)} rows={models} rowKey={({ id }) => id} />
          )
        }
      </Loaded>
    </Page>
  )
}

function priceOf(price: Model['price'], name: string): string {
  const value = price?.[name]
  return typeof value === 'number' ? value.toLocaleString('en', { maximumFractionDigits: 4 }) : '–'
}

function columnsOf(currency: string): readonly PlainColumn<Model>[] {
  return [
    {
      header: 'Model',
      cell: ({ id, name }) => <strong title={name}>{id}</strong>,
    },
    { header: 'State', cell: (model) => <ModelState model={model} /> },
    {
      header: 'Provider',
      show: 'wide',
      cell: ({ upstream, deployment, residency }) => `${upstream} (${deployment}, ${residency})`,
    },
    {
      header: 'Class',
      show: 'wide',
      cell: ({ size, capabilities }) => `${size}: ${capabilities.join(', ')}`,
    },
    { header: 'Context', align: 'end', show: 'wide', cell: ({ context }) => formatShortNumber(context) },
    { header: 'Answer', align: 'end', show: 'wide', cell: ({ maxOutput }) => formatShortNumber(maxOutput) },
    { header: `${currency}/M in`, align: 'end', cell: ({ price }) => priceOf(price, 'input') },
    { header: `${currency}/M out`, align: 'end', cell: ({ price }) => priceOf(price, 'output') },
  ]
}
