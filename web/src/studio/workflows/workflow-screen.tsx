import { useState } from 'react'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { usePathParameter, useSearchParameters } from '../../app/search-parameters.ts'
import { PlanGraph } from '../../run/plan-graph.tsx'
import {
  Age,
  buttonClass,
  Digest,
  Facts,
  formatDuration,
  formatMoney,
  Page,
  plural,
  principalName,
  Section,
  Status,
  Tabs,
  Tag,
} from '../../ui/index.ts'
import { Loaded, Soft, Source, Stack } from '../../panels/index.ts'
import { workflowQuery, type WorkflowDetail } from '../queries.ts'
import { SettingsList } from '../settings-list.tsx'
import { momentsOf } from './diagram.ts'
import { WorkflowEditor } from './workflow-editor.tsx'
import styles from './workflows.module.css'

/** One workflow: its diagram, its text with what is wrong with it, and the versions there have been. */
export function WorkflowScreen() {
  const name = usePathParameter('name')
  const { values } = useSearchParameters()
  const query = useQuery(workflowQuery(name))
  const view = ['edit', 'versions'].find((each) => each === values['view']) ?? 'diagram'
  return (
    <Page
      title={name}
      beside={query.data && <Tag>{query.data.own === null ? 'shipped' : 'our own'}</Tag>}
      lead={query.data?.definition.description}
      actions={
        <Link to="/workflows" className={buttonClass('quiet')}>
          All workflows
        </Link>
      }
      bar={
        <Tabs
          label="This workflow"
          current={view}
          tabs={[
            { id: 'diagram', label: 'Diagram' },
            { id: 'edit', label: query.data?.draft == null ? 'Text' : 'Text and draft' },
            { id: 'versions', label: 'Versions', count: query.data?.versions.length },
          ]}
        />
      }
    >
      <Loaded query={query} lines={12}>
        {(workflow) =>
          view === 'edit' ? (
            <WorkflowEditor key={workflow.draft?.draft.digest ?? ''} workflow={workflow} />
          ) : view === 'versions' ? (
            <Versions versions={workflow.versions} />
          ) : (
            <Diagram workflow={workflow} />
          )
        }
      </Loaded>
    </Page>
  )
}

function Diagram({ workflow }: { readonly workflow: WorkflowDetail }) {
  const { definition, estimate, digest } = workflow
  const [chosen, setChosen] = useState<string>()
  const step = definition.steps.find(({ id }) => id === chosen)
  return (
    <>
      <Section title="In use">
        <Facts
          facts={[
            ['Version', String(definition.version)],
            ['Digest', <Digest key="digest" value={digest} />],
            ...(estimate === null
              ? [['A run of it', 'not known before three have succeeded'] as const]
              : [
                  [
                    'A run takes',
                    `${formatDuration(estimate.seconds.p50)}, nine of ten under ${formatDuration(estimate.seconds.p90)}`,
                  ] as const,
                  [
                    'and costs',
                    `${formatMoney(estimate.money.p50)}, nine of ten under ${formatMoney(estimate.money.p90)}`,
                  ] as const,
                  ['by', plural(estimate.runs, 'run')] as const,
                ]),
          ]}
        />
      </Section>
      <div className={styles['sides']}>
        <PlanGraph moments={momentsOf(definition)} selected={chosen} onSelect={setChosen} />
        <Section title={step === undefined ? 'Step' : (step.title ?? step.id)}>
          {step === undefined ? (
            <Soft>Choose a step in the diagram to see what it does.</Soft>
          ) : (
            <SettingsList settings={step} />
          )}
        </Section>
      </div>
    </>
  )
}

function Versions({ versions }: { readonly versions: WorkflowDetail['versions'] }) {
  if (versions.length === 0) return <Soft>The shipped one is in use, and nobody has written another.</Soft>
  return (
    <Stack>
      {versions.map(({ version, state, text, authors, decidedBy, reason, changedAt }) => (
        <Section key={version} title={`Version ${version} of our own`} beside={<Status status={state} />}>
          <Stack>
            <Facts
              facts={[
                ['Written by', authors.map(principalName).join(', ')],
                ['Changed', <Age key="changed" time={changedAt} />],
                ...(decidedBy === null ? [] : [['Decided by', principalName(decidedBy)] as const]),
              ]}
            />
            {reason !== null && reason !== '' && <Soft>“{reason}”</Soft>}
            {text.trim() === '' ? (
              <Soft>Back to the shipped workflow.</Soft>
            ) : (
              <Source label={`Text of version ${version}`} text={text} from={1} />
            )}
          </Stack>
        </Section>
      ))}
    </Stack>
  )
}
