import { keepPreviousData, skipToken, useQuery } from '@tanstack/react-query'
import { previewQuery, type Preview, type Submission } from '../api/index.ts'
import { projectName, useProjects } from '../project/index.ts'
import { ErrorNote, Facts, formatDuration, formatMoney, formatNumber, plural, Section } from '../ui/index.ts'
import { levels } from './task-fields.tsx'
import styles from './plan-preview.module.css'

const kinds: Readonly<Record<Preview['kind'], string>> = {
  repair: 'Repair a fault',
  'lint-fix': 'Fix what lint finds',
  format: 'Format',
  codemod: 'Rewrite by a rule',
  'dependency-update': 'Update dependencies',
}

/** What would happen if the work were submitted as it stands: the plan, its limits, and how such runs went of late. */
export function PlanPreview({ submission }: { readonly submission: Submission | undefined }) {
  const query = previewQuery(submission ?? { issue: { title: '', body: '' }, repository: { location: '' } })
  const { data, isError, error } = useQuery({
    ...query,
    placeholderData: keepPreviousData,
    ...(submission === undefined && { queryFn: skipToken }),
  })
  return (
    <aside className={styles['preview']} aria-label="Plan and estimate">
      {submission !== undefined && isError ? (
        <ErrorNote error={error} />
      ) : data === undefined ? (
        <p className={styles['soft']}>
          As soon as there is a title and a repository, the plan and its estimate stand here. Nothing runs
          before you start it.
        </p>
      ) : (
        <Plan preview={data} />
      )}
    </aside>
  )
}

function Plan({ preview }: { readonly preview: Preview }) {
  const { kind, kindReason, workflow, nodes, limit, estimate, projectId } = preview
  const projects = useProjects()
  return (
    <>
      <Section title={kinds[kind]}>
        <p className={styles['soft']}>
          {workflow.name}, version {workflow.version}. {workflow.description}
        </p>
        {projects.length > 0 && (
          <p className={styles['soft']}>It would belong to the project {projectName(projects, projectId)}.</p>
        )}
        {kindReason !== null && <p className={styles['soft']}>The kind of work was {kindReason}.</p>}
        <Particulars preview={preview} />
      </Section>
      <Section title="Plan">
        <ol className={styles['nodes']}>
          {nodes.map(({ id, title, conditional }) => (
            <li key={id}>
              {title} {conditional && <span className={styles['soft']}>if needed</span>}
            </li>
          ))}
        </ol>
      </Section>
      <Section title="Estimate">
        {estimate === null ? (
          <p className={styles['soft']}>No run of this kind has ended yet, so there is nothing to go by.</p>
        ) : (
          <Facts
            facts={[
              ['Usual time', formatDuration(estimate.seconds.p50)],
              ['Usual cost', formatMoney(estimate.money.p50)],
              ['Delivered', `${Math.round(estimate.delivered * 100)} %`],
              ['Of the last', plural(estimate.runs, 'run')],
            ]}
          />
        )}
      </Section>
      <Section title="At most">
        <p>
          {[
            limit.money === undefined ? undefined : formatMoney(limit.money),
            limit.tokens === undefined ? undefined : `${formatNumber(limit.tokens)} tokens`,
            limit.toolCalls === undefined ? undefined : `${formatNumber(limit.toolCalls)} tool calls`,
            limit.seconds === undefined ? undefined : `${formatDuration(limit.seconds)} of work`,
          ]
            .filter((part) => part !== undefined)
            .join(', ')}
        </p>
      </Section>
    </>
  )
}

/** With which particulars the work would be done, as the studio has read them. */
function Particulars({ preview: { task, rule } }: { readonly preview: Preview }) {
  const facts = factsOf(task, rule)
  return facts.length === 0 ? null : (
    <div className={styles['particulars']}>
      <Facts facts={facts} />
    </div>
  )
}

function factsOf(task: Preview['task'], rule: Preview['rule']): readonly (readonly [string, string])[] {
  switch (task.kind) {
    case 'repair':
      return []
    case 'dependency-update':
      return [
        ['How far', levels[task.level][0]],
        ['Packages', task.packages.length === 0 ? 'all direct dependencies' : task.packages.join(', ')],
      ]
    case 'lint-fix':
    case 'format':
      return [['Only in', task.paths.length === 0 ? 'everywhere' : task.paths.join(', ')]]
    case 'codemod':
      return [
        [
          'Rule',
          rule === null
            ? `${task.rule.from === 'repository' ? task.rule.name : ''}, in the repository`
            : rule.ids.join(', '),
        ],
        ...(rule === null ? [] : [['Language', rule.languages.join(', ')] as const]),
        ...(rule?.complete === true ? [['Promises', 'that nothing matches afterwards'] as const] : []),
        ['Only in', task.paths.length === 0 ? 'everywhere' : task.paths.join(', ')],
      ]
  }
}
