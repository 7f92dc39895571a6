import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { usePathParameter } from '../../app/search-parameters.ts'
import { useShortcuts } from '../../keyboard/index.ts'
import {
  buttonClass,
  Digest,
  Facts,
  formatMoment,
  Page,
  principalName,
  Section,
  Status,
} from '../../ui/index.ts'
import { Loaded, Row, Source, Stack } from '../../panels/index.ts'
import { auditRecordQuery, type AuditRecord } from './queries.ts'
import styles from './audit.module.css'

/** One record whole, and what was attempted right before and after. */
export function AuditRecordScreen() {
  const seq = Number(usePathParameter('seq'))
  const query = useQuery(auditRecordQuery(seq))
  const navigate = useNavigate()
  const step = (by: number): void => {
    const { before = [], after = [] } = query.data ?? {}
    const next = by > 0 ? after[0] : before.at(-1)
    if (next !== undefined) void navigate({ to: `/audit/${next.seq}`, replace: true })
  }
  useShortcuts([
    { keys: 'j', does: 'Next record', group: 'Audit', run: () => step(1) },
    { keys: 'k', does: 'Record before', group: 'Audit', run: () => step(-1) },
  ])
  return (
    <Page
      title={`Record ${seq}`}
      beside={query.data && <Status status={query.data.record.outcome} look="pill" />}
      actions={
        <Link to="/audit" className={buttonClass('quiet')}>
          All records
        </Link>
      }
    >
      <Loaded query={query} lines={10}>
        {({ record, before, after }) => (
          <>
            <RecordDetail record={record} />
            <Section title="Before and after">
              {[...before, record, ...after].reverse().map((each) => (
                <Neighbour key={each.seq} record={each} current={each.seq === seq} />
              ))}
            </Section>
          </>
        )}
      </Loaded>
    </Page>
  )
}

function RecordDetail({ record }: { readonly record: AuditRecord }) {
  const { action, resource, time, principalId, onBehalfOf, osUid, policies, runId, digests, hash, detail } =
    record
  const names = Object.entries(digests)
  return (
    <Section title={action}>
      <Stack>
        <Facts
          facts={[
            ['When', formatMoment(time)],
            [
              'Who',
              <Link key="who" to="/audit" search={{ principal: principalId }}>
                {principalId}
              </Link>,
            ],
            ['For', onBehalfOf ?? 'themselves'],
            ['On what', resource],
            ['Decided by', policies.join(', ') || 'no policy'],
            ...(osUid === null ? [] : [['Account of the system', String(osUid)] as const]),
          ]}
        />
        <dl className={styles['digests']}>
          {[...names, ['this record', hash] as const].map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>
                <Digest value={value} label={`digest of ${name}`} length={24} />
              </dd>
            </div>
          ))}
        </dl>
        {Object.keys(detail).length > 0 && (
          <Source label="Particulars" text={JSON.stringify(detail, null, 2)} wrap />
        )}
        <Row>
          {runId !== null && (
            <>
              {runId.startsWith('run_') && (
                <Link to={`/runs/${runId}`} className={buttonClass()}>
                  Open the run
                </Link>
              )}
              <Link to="/audit" search={{ run: runId }} className={buttonClass('quiet')}>
                All records of the run
              </Link>
            </>
          )}
        </Row>
      </Stack>
    </Section>
  )
}

function Neighbour({ record, current }: { readonly record: AuditRecord; readonly current: boolean }) {
  const { seq, action, outcome, principalId } = record
  return (
    <Link
      to={`/audit/${seq}`}
      replace
      aria-current={current ? 'true' : undefined}
      className={styles['neighbour']}
    >
      <span>{seq}</span>
      <span>{action}</span>
      <Status status={outcome} />
      <span>{principalName(principalId)}</span>
    </Link>
  )
}
