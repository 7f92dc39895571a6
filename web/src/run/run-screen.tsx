import { lazy, Suspense, useMemo } from 'react'
import { FileDiff as FileDiffIcon } from 'lucide-react'
import { usePrefetchQuery, useQuery } from '@tanstack/react-query'
import { approvalQuery, runQuery, useRunEvents, type Run, type RunEvents } from '../api/index.ts'
import { usePathParameter, useSearchParameters } from '../app/search-parameters.ts'
import { projectName, useProjects } from '../project/index.ts'
import { useShortcuts } from '../keyboard/index.ts'
import { QuestionCard } from '../question/index.ts'
import {
  Age,
  Digest,
  Duration,
  EmptyState,
  ErrorNote,
  ErrorState,
  LongText,
  Page,
  Section,
  principalName,
  repositoryName,
  Skeleton,
  Status,
  Tabs,
} from '../ui/index.ts'
import { Activity } from './activity.tsx'
import { Acts } from './acts.tsx'
import { EvidenceView } from './evidence.tsx'
import { RunFindings } from './overview.tsx'
import { RunControls } from './run-controls.tsx'
import { DecisionsMade, RunDecision } from './run-decision.tsx'
import { momentsNow } from './run-history.ts'
import { Replay } from './replay.tsx'
import { StepPanel } from './step-panel.tsx'
import { TestsView } from './tests-view.tsx'
import { Timeline } from './timeline.tsx'
import styles from './run-screen.module.css'

const PlanGraph = lazy(async () => ({ default: (await import('./plan-graph.tsx')).PlanGraph }))
const ChangePanel = lazy(async () => ({ default: (await import('./changes/change-panel.tsx')).ChangePanel }))

const views = ['overview', 'change', 'tests', 'activity', 'tools', 'timeline', 'evidence', 'replay'] as const
type View = (typeof views)[number]

function isView(text: string | undefined): text is View {
  return views.some((view) => view === text)
}

/** One run: live while it works, and the whole story afterwards. */
export function RunScreen() {
  const runId = usePathParameter('runId')
  const query = useQuery(runQuery(runId))
  const live = useRunEvents(runId)
  // Beside the run, so that the buttons of a decision do not come after the rest.
  usePrefetchQuery(approvalQuery(runId))
  if (query.data !== undefined) return <LoadedRun run={query.data} live={live} />
  return (
    <Page title="Run">
      {query.isError ? (
        <ErrorState error={query.error} retry={() => void query.refetch()} />
      ) : (
        <Skeleton lines={8} />
      )}
    </Page>
  )
}

function LoadedRun({ run, live }: { readonly run: Run; readonly live: RunEvents }) {
  const { values, change } = useSearchParameters()
  const view = isView(values['view']) ? values['view'] : 'overview'
  const turn = (by: number): void => {
    const next = views[(views.indexOf(view) + by + views.length) % views.length]
    change({ view: next === 'overview' ? undefined : next })
  }
  useShortcuts([
    { keys: ']', does: 'Next view', group: 'Run', run: () => turn(1) },
    { keys: '[', does: 'Previous view', group: 'Run', run: () => turn(-1) },
  ])
  const files = run.report.summary?.files.length

  return (
    <Page
      title={run.title}
      beside={<Status status={run.outcome ?? run.status} look="pill" />}
      lead={<RunFacts run={run} />}
      actions={
        <>
          <RunControls run={run} />
          <RunDecision run={run} />
        </>
      }
      bar={
        <Tabs
          label="Views of the run"
          current={view}
          tabs={[
            { id: 'overview', label: 'Overview' },
            { id: 'change', label: 'Change', count: files },
            { id: 'tests', label: 'Tests' },
            { id: 'activity', label: 'Activity' },
            { id: 'tools', label: 'Tools' },
            { id: 'timeline', label: 'Timeline' },
            { id: 'evidence', label: 'Evidence' },
            { id: 'replay', label: 'Replay' },
          ]}
        />
      }
    >
      {live.failure !== undefined && <ErrorNote error={live.failure} />}
      <RunView view={view} run={run} live={live} />
    </Page>
  )
}

function RunFacts({ run }: { readonly run: Run }) {
  const projects = useProjects()
  return (
    <p className={styles['facts']}>
      <span title={run.repository}>{repositoryName(run.repository)}</span>
      {projects.length > 0 && <span>{projectName(projects, run.projectId)}</span>}
      <span>asked by {principalName(run.requester)}</span>
      <span>
        <Age time={run.createdAt} />
      </span>
      <span>
        took <Duration from={run.createdAt} to={run.endedAt} />
      </span>
      <span>
        {run.workflow.name} <Digest value={run.workflow.digest} label="digest of the workflow" length={8} />
      </span>
    </p>
  )
}

function RunView({ view, run, live }: { readonly view: View; readonly run: Run; readonly live: RunEvents }) {
  switch (view) {
    case 'overview':
      return <Overview run={run} live={live} />
    case 'change':
      return run.report.patch === null ? (
        <EmptyState icon={FileDiffIcon} title="No change yet">
          <p>
            {run.endedAt === null
              ? 'As soon as a change is found that passes the tests, it is here to read and comment on.'
              : 'This run came to no change. The overview says what was tried.'}
          </p>
        </EmptyState>
      ) : (
        <Suspense fallback={<Skeleton lines={8} />}>
          <ChangePanel
            runId={run.id}
            findings={run.report.findings}
            mayComment={run.may.includes('comment')}
          />
        </Suspense>
      )
    case 'activity':
      return <Activity events={live.events} steps={run.steps} />
    case 'tests':
      return <TestsView runId={run.id} />
    case 'tools':
      return <Acts runId={run.id} />
    case 'timeline':
      return <Timeline run={run} />
    case 'evidence':
      return <EvidenceView run={run} />
    case 'replay':
      return <Replay run={run} events={live.events} />
  }
}

function Overview({ run, live }: { readonly run: Run; readonly live: RunEvents }) {
  const { values, change } = useSearchParameters()
  const moments = useMemo(() => momentsNow(run.steps, live.events), [run.steps, live.events])
  const { question, description, patch } = run.report
  const selected = moments.find(({ id }) => id === values['step'])
  return (
    <div
      className={styles['overview']}
      data-live={run.endedAt === null && patch === null && question === null}
    >
      <div className={styles['plan']}>
        <Suspense fallback={<div className={styles['place']} />}>
          <PlanGraph
            moments={moments}
            selected={selected?.id}
            onSelect={(step) => change({ step: step === selected?.id ? undefined : step })}
          />
        </Suspense>
      </div>
      <div className={styles['story']}>
        {selected !== undefined && (
          <StepPanel
            moment={selected}
            step={run.steps.find(({ id }) => id === selected.id)}
            run={run}
            events={live.events}
            onClose={() => change({ step: undefined })}
          />
        )}
        {question !== null && (
          <QuestionCard runId={run.id} question={question} mayAnswer={run.may.includes('answer')} />
        )}
        <DecisionsMade run={run} />
        {description.trim() !== '' && (
          <Section title="What was asked">
            <LongText text={description.trim()} />
          </Section>
        )}
        {run.endedAt === null && patch === null ? (
          <Section title="What happens now">
            <Activity events={live.events} steps={run.steps} />
          </Section>
        ) : (
          <RunFindings run={run} />
        )}
      </div>
    </div>
  )
}
