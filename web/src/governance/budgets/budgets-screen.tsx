import { useMemo, useState } from 'react'
import { useQuery } from '@tanstack/react-query'
import { Wallet } from 'lucide-react'
import { useSearchParameters } from '../../app/search-parameters.ts'
import { DayChart, outlookOf } from '../../chart/index.ts'
import {
  Button,
  Dialog,
  EmptyState,
  Facts,
  formatMoney,
  formatNumber,
  formatShortNumber,
  Page,
  plural,
  Section,
} from '../../ui/index.ts'
import { meQuery } from '../../api/index.ts'
import { projectName, useProjects } from '../../project/index.ts'
import { FilterBar, Loaded, PlainTable, Soft, Stack } from '../../panels/index.ts'
import { AccountTree, accountName } from './account-tree.tsx'
import { runsOutInWords, totalsOf } from './figures.ts'
import { LimitForm } from './limit-form.tsx'
import { budgetsQuery, burnQuery, outlookQuery, type Account, type BurnKey, type Outlook } from './queries.ts'

/** What may be used, what is, and how long that lasts. */
export function BudgetsScreen() {
  const query = useQuery(budgetsQuery)
  const projects = useProjects()
  const [limiting, setLimiting] = useState<Account>()
  const { data: me } = useQuery(meQuery)
  const own = query.data && me && projectsAlone(query.data.items, me.roles)
  return (
    <Page
      title="Budgets"
      lead="Before every step, the most that it can use is reserved on each level. What does not fit is not started."
    >
      <Section title={own === 'tenant' || own === undefined ? 'Tenant and projects' : 'Your projects'}>
        {own !== undefined && own !== 'tenant' && (
          <Soft>
            Everything here is about the projects in which you have a role. What the whole tenant may use and
            has used is shown to those with a role in the whole tenant.
          </Soft>
        )}
        <Loaded query={query} lines={3}>
          {({ items }) =>
            items.length === 0 ? (
              <EmptyState icon={Wallet} title="Nothing was used yet">
                <p>
                  The first run opens the accounts of the tenant and its project; then limits can be set here.
                </p>
              </EmptyState>
            ) : (
              <AccountTree accounts={items} onLimit={setLimiting} />
            )
          }
        </Loaded>
      </Section>
      {own !== undefined && own.length !== 0 && (
        <>
          <Spending own={own} />
          <Burn />
        </>
      )}
      <Dialog
        open={limiting !== undefined}
        onClose={() => setLimiting(undefined)}
        title={limiting === undefined ? '' : `Limits of ${accountName(limiting, projects)}`}
      >
        {limiting !== undefined && <LimitForm account={limiting} onDone={() => setLimiting(undefined)} />}
      </Dialog>
    </Page>
  )
}

/** The projects of somebody who is not told the figures of the tenant; `tenant` for whoever is. */
function projectsAlone(accounts: readonly Account[], rolesInTenant: readonly unknown[]): Breadth['own'] {
  const isOfTenant =
    accounts.length === 0 ? rolesInTenant.length > 0 : accounts.some(({ level }) => level === 'tenant')
  return isOfTenant ? 'tenant' : accounts.map(({ subject }) => subject)
}

interface Breadth {
  readonly own: 'tenant' | readonly string[]
}

function Spending({ own }: Breadth) {
  const { values, change } = useSearchParameters()
  const project = values['project'] ?? (own === 'tenant' ? undefined : own[0])
  const projects = useProjects()
  const query = useQuery(outlookQuery(project))
  return (
    <Section
      title={
        project === undefined ? 'Spending by day' : `Spending by day in ${projectName(projects, project)}`
      }
      beside={
        project !== undefined &&
        own === 'tenant' && (
          <Button look="quiet" onClick={() => change({ project: undefined })}>
            All projects
          </Button>
        )
      }
    >
      <Loaded query={query} lines={8}>
        {(outlook) => <OutlookView outlook={outlook} />}
      </Loaded>
    </Section>
  )
}

const daysAhead = 14

function OutlookView({ outlook }: { readonly outlook: Outlook }) {
  const { days, forecast, left, moneyPerAcceptedChange } = outlook
  const trend = forecast.kind === 'forecast' ? forecast : undefined
  const values = useMemo(() => outlookOf(days, trend, daysAhead), [days, trend])
  const words = runsOutInWords(outlook)
  return (
    <Stack>
      <Facts
        facts={[
          ['Left', left === null ? 'no limit' : formatMoney(left)],
          ['Last 28 days', formatMoney(days.reduce((sum, { money }) => sum + money, 0))],
          [
            'Next 30 days',
            trend === undefined
              ? 'not known yet'
              : `about ${formatMoney(trend.next30.expected)} (${formatMoney(trend.next30.low)} to ${formatMoney(trend.next30.high)})`,
          ],
          [
            'For each accepted change',
            moneyPerAcceptedChange === null ? 'none accepted yet' : formatMoney(moneyPerAcceptedChange),
          ],
        ]}
      />
      <DayChart
        label={`Money used on each of the last ${plural(days.length, 'day')}. ${words}`}
        days={values}
      />
      <Soft>{words}</Soft>
    </Stack>
  )
}

const keys: readonly (readonly [BurnKey, string])[] = [
  ['project', 'By project'],
  ['agent', 'By agent'],
  ['tool', 'By tool'],
  ['model', 'By model'],
]

function Burn() {
  const { values } = useSearchParameters()
  const by = keys.find(([key]) => key === values['by'])?.[0] ?? 'project'
  const projects = useProjects()
  const query = useQuery(burnQuery(by))
  return (
    <Section title="Where it went, over 30 days">
      <Stack>
        <FilterBar label="Spending" parameter="by" current={by} choices={keys} />
        <Loaded query={query} lines={3}>
          {({ items }) =>
            items.length === 0 ? (
              <Soft>Nothing was used in these days.</Soft>
            ) : (
              <PlainTable
                label="Spending over 30 days"
                rows={totalsOf(items)}
                rowKey={({ key }) => key}
                columns={[
                  { header: by, cell: ({ key }) => (by === 'project' ? projectName(projects, key) : key) },
                  { header: 'Money', align: 'end', cell: ({ money }) => formatMoney(money) },
                  { header: 'Tokens', align: 'end', cell: ({ tokens }) => formatShortNumber(tokens) },
                  { header: 'Calls', align: 'end', show: 'wide', cell: ({ calls }) => formatNumber(calls) },
                ]}
              />
            )
          }
        </Loaded>
      </Stack>
    </Section>
  )
}
