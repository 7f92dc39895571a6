import { Link } from '@tanstack/react-router'
import { Age, plural, principalName, Tag } from '../../ui/index.ts'
import { PlainTable, Soft, Stack, type PlainColumn } from '../../panels/index.ts'
import type { Simulation } from './queries.ts'
import styles from './policies.module.css'

type ChangedAct = Simulation['blocked']['examples'][number]

const effectWords: Readonly<Record<NonNullable<ChangedAct['act']>['effect'], string>> = {
  read: 'reads',
  workspace: 'changes the workspace',
  'external-reversible': 'can be undone',
  'external-irreversible': 'cannot be undone',
}

function columnsOf(verdict: 'candidate' | 'recorded'): readonly PlainColumn<ChangedAct>[] {
  return [
    { header: 'When', cell: ({ at }) => <Age time={at} /> },
    {
      header: 'What',
      cell: ({ act, action }) => (
        <>
          <strong>{act?.tool ?? action}</strong>{' '}
          {act !== null && (
            <Tag tone={act.effect.startsWith('external') ? 'warn' : 'quiet'}>{effectWords[act.effect]}</Tag>
          )}
        </>
      ),
    },
    { header: 'Who', cell: ({ principalId }) => principalName(principalId) },
    {
      header: 'Run',
      show: 'wide',
      cell: ({ runId, act, resource }) =>
        runId === null ? (
          resource
        ) : (
          <Link to={act === null ? `/runs/${runId}` : `/runs/${runId}?step=${act.stepId}`}>
            {act?.stepId ?? runId}
          </Link>
        ),
    },
    {
      header: 'Decided by',
      show: 'wide',
      cell: (change) => <code>{change[verdict].policies.join(', ') || 'no policy permits it'}</code>,
    },
  ]
}

/** What a policy would have changed in the past, had it been in force. */
export function SimulationView({ simulation }: { readonly simulation: Simulation }) {
  const { blocked, permitted, decisions, questions, notReplayed, cutOff, days } = simulation
  return (
    <Stack>
      <p className={styles['finding']}>
        <span className={styles['figure']}>{blocked.count}</span>
        <span>
          {decisions === 0
            ? `Over the last ${plural(days, 'day')} there is nothing that can be asked again, so nothing can be said yet.`
            : blocked.count === 0
              ? `Over the last ${plural(days, 'day')} this rule would have blocked nothing.`
              : `Over the last ${plural(days, 'day')} this rule would have blocked ${
                  blocked.count === 1 ? 'this act' : `these ${plural(blocked.count, 'act')}`
                }.`}
        </span>
      </p>
      {blocked.examples.length > 0 && (
        <PlainTable
          label="Acts that would have been blocked"
          columns={columnsOf('candidate')}
          rows={blocked.examples}
          rowKey={({ decisionId }) => String(decisionId)}
        />
      )}
      {permitted.count > 0 && (
        <>
          <h3>It would have permitted {plural(permitted.count, 'act')} that were refused</h3>
          <PlainTable
            label="Acts that would have been permitted"
            columns={columnsOf('recorded')}
            rows={permitted.examples}
            rowKey={({ decisionId }) => String(decisionId)}
          />
        </>
      )}
      <Soft>
        {plural(decisions, 'decision')} asked again, {plural(questions, 'different question')}.
        {blocked.examples.length < blocked.count && ` The newest ${blocked.examples.length} are shown.`}
        {cutOff && ' Older decisions of these days were not looked at.'}
        {notReplayed > 0 &&
          ` Of ${plural(notReplayed, 'decision')} not enough is recorded to ask again: nothing is known about these.`}
      </Soft>
    </Stack>
  )
}
