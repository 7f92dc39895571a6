import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Age, Facts, formatDuration, formatMoney, Page, plural, Section, Status } from '../ui/index.ts'
import { Loaded, PlainTable, Soft, Stack } from '../panels/index.ts'
import { flowQuery, healthQuery, type Health } from './queries.ts'
import styles from './studio.module.css'

/** Seconds after which a process that says nothing is taken for dead. */
const silent = 30

/** Whether everything is there that the studio needs, how much there is to do, and how work has gone. */
export function HealthScreen() {
  const query = useQuery(healthQuery)
  return (
    <Page
      title="Health"
      beside={
        query.data && (
          <Status
            status={query.data.ok ? 'passed' : 'failed'}
            word={query.data.ok ? 'All is well' : 'Something needs attention'}
          />
        )
      }
      lead="Checked anew while you look. The command atelier doctor says the same without a browser."
    >
      <Loaded query={query} lines={10}>
        {(health) => <HealthView health={health} />}
      </Loaded>
      <Flow />
    </Page>
  )
}

function HealthView({ health: { checks, load, executors } }: { readonly health: Health }) {
  return (
    <>
      <Section title="Checks">
        <ul className={styles['checks']}>
          {[...checks]
            .sort((a, b) => Number(a.ok) - Number(b.ok))
            .map(({ name, ok, detail, remedy }) => (
              <li key={name}>
                <Status status={ok ? 'passed' : 'failed'} look="icon" />
                <strong>{name}</strong>
                <span>{detail}</span>
                {!ok && remedy !== undefined && <span className={styles['remedy']}>{remedy}</span>}
              </li>
            ))}
        </ul>
      </Section>
      <Section title="Work now">
        <Facts
          facts={[
            [
              'Runs under way',
              <Link key="running" to="/runs?status=running">
                {load.runs.running}
              </Link>,
            ],
            [
              'Waiting for a person',
              <Link key="waiting" to="/inbox">
                {load.runs.waiting}
              </Link>,
            ],
            ['Steps at work', String(load.steps.running)],
            ['Steps that could start', String(load.steps.ready)],
            [
              'Longest wait for a process',
              load.oldestReady === null ? '–' : formatDuration(load.oldestReady),
            ],
            ['Oldest question', load.oldestQuestion === null ? '–' : formatDuration(load.oldestQuestion)],
          ]}
        />
      </Section>
      <Section title="Processes">
        <PlainTable
          label="Processes"
          rows={executors}
          rowKey={({ id }) => id}
          columns={[
            { header: 'Host', cell: ({ host }) => <strong>{host}</strong> },
            { header: 'Process', align: 'end', cell: ({ processId }) => processId },
            { header: 'Started', cell: ({ startedAt }) => <Age time={startedAt} /> },
            {
              header: 'State',
              cell: ({ silentFor }) =>
                silentFor < silent ? (
                  <Status status="passed" word="At work" />
                ) : (
                  <Status
                    status="skipped"
                    word={`Silent for ${formatDuration(silentFor)}; others took over`}
                  />
                ),
            },
          ]}
        />
      </Section>
    </>
  )
}

function Flow() {
  const query = useQuery(flowQuery)
  return (
    <Section title="How work went, over 30 days">
      <Loaded query={query} lines={4}>
        {({ runs, durations, acceptance, decisions, moneyPerAcceptedChange, basis }) => {
          const count = (status: string): number =>
            runs.filter((each) => each.status === status).reduce((sum, each) => sum + each.count, 0)
          return (
            <Stack>
              <Facts
                facts={[
                  ['Succeeded', String(count('succeeded'))],
                  ['Failed', String(count('failed'))],
                  [
                    'Accepted',
                    <span key="acceptance" title={basis['acceptance']}>
                      {acceptance === null
                        ? 'nothing decided yet'
                        : `${Math.round(acceptance * 100)} % of ${plural(decisions.approved + decisions.rejected, 'change')}`}
                    </span>,
                  ],
                  [
                    'For each accepted change',
                    <span key="price" title={basis['moneyPerAcceptedChange']}>
                      {moneyPerAcceptedChange === null ? '–' : formatMoney(moneyPerAcceptedChange)}
                    </span>,
                  ],
                ]}
              />
              {durations.length === 0 ? (
                <Soft>No run has ended in these days.</Soft>
              ) : (
                <PlainTable
                  label="How long runs take"
                  rows={durations}
                  rowKey={({ workflow }) => workflow}
                  columns={[
                    { header: 'Workflow', cell: ({ workflow }) => <strong>{workflow}</strong> },
                    { header: 'Runs', align: 'end', cell: (row) => row.runs },
                    { header: 'Half are under', align: 'end', cell: ({ p50 }) => formatDuration(p50) },
                    { header: '95 % are under', align: 'end', cell: ({ p95 }) => formatDuration(p95) },
                  ]}
                />
              )}
            </Stack>
          )
        }}
      </Loaded>
    </Section>
  )
}
