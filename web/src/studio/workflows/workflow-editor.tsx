import { useState } from 'react'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { meQuery, studio, useMay } from '../../api/index.ts'
import { Editor, useSettled } from '../../editor/index.ts'
import { useShortcuts } from '../../keyboard/index.ts'
import { PlanGraph } from '../../run/plan-graph.tsx'
import { Button, ErrorNote, principalName, Section, useAnnouncer } from '../../ui/index.ts'
import { Row, Soft, SourceDiff, Stack, TextDecision } from '../../panels/index.ts'
import { workflowCheckQuery, workflowQuery, type WorkflowDetail } from '../queries.ts'
import { momentsOf } from './diagram.ts'
import styles from './workflows.module.css'

/** The text, checked as it is written, with the diagram of what it says; and the draft against what is in use. */
export function WorkflowEditor({ workflow }: { readonly workflow: WorkflowDetail }) {
  const { name, draft, definition } = workflow
  const kept = draft?.draft.text ?? workflow.text
  const [text, setText] = useState(kept)
  const [chosen, setChosen] = useState<string>()
  const settled = useSettled(text)
  const isInUse = text === workflow.text
  const check = useQuery({ ...workflowCheckQuery(name, settled), enabled: !isInUse && settled.trim() !== '' })
  const cache = useQueryClient()
  const { say } = useAnnouncer()
  const save = useMutation({
    mutationFn: (next: string) => studio.saveWorkflowDraft({ params: { name }, body: { text: next } }),
    onSuccess: (detail) => {
      cache.setQueryData(workflowQuery(name).queryKey, detail)
      say('The draft is kept. Runs start with it once another person has approved it.')
    },
  })
  const mayDraft = useMay({ inTenant: 'draft-workflow' })
  const isEdited = text !== kept
  const keep = (): void => {
    if (mayDraft === true && isEdited && !save.isPending) save.mutate(text)
  }
  useShortcuts(
    mayDraft === true ? [{ keys: 'mod+s', does: 'Keep the draft', group: 'Workflow', run: keep }] : [],
  )

  const isBehind = settled !== text || check.isFetching
  const problems = isInUse || text.trim() === '' ? [] : (check.data?.problems ?? [])
  const drawn = isInUse ? definition : (check.data?.definition ?? definition)
  return (
    <div className={styles['sides']}>
      <Stack>
        <Editor
          label="Workflow, in YAML"
          text={text}
          onChange={setText}
          rows={30}
          problems={problems}
          state={
            isInUse ? 'unknown' : isBehind ? 'checking' : check.data === undefined ? 'unknown' : 'checked'
          }
        />
        {isInUse && (
          <Soft>
            This is what is in use.{' '}
            {mayDraft === true
              ? 'Change it to make a draft; give it a higher version.'
              : 'You can try changes here, and cannot keep them as a draft.'}
          </Soft>
        )}
        {mayDraft === true && (
          <Row>
            <Button look="primary" keys="mod+s" disabled={!isEdited} busy={save.isPending} onClick={keep}>
              Keep the draft
            </Button>
            {workflow.own !== null && draft === null && (
              <Button busy={save.isPending} onClick={() => save.mutate('')}>
                Draft going back to the shipped one
              </Button>
            )}
          </Row>
        )}
        {save.isError && <ErrorNote error={save.error} />}
      </Stack>
      <div>
        {draft !== null && !isEdited && <Draft name={name} draft={draft} />}
        <Section title={problems.length > 0 ? 'Diagram of what is in use' : 'Diagram'}>
          <PlanGraph moments={momentsOf(drawn)} selected={chosen} onSelect={setChosen} />
        </Section>
      </div>
    </div>
  )
}

function Draft({
  name,
  draft,
}: {
  readonly name: string
  readonly draft: NonNullable<WorkflowDetail['draft']>
}) {
  const { data: me } = useQuery(meQuery)
  const { authors, digest, version } = draft.draft
  const isAuthor = me !== undefined && authors.includes(me.id)
  const mayDecide = useMay({ inTenant: 'decide-workflow' })
  return (
    <Section title="Draft, against what is in use">
      <Stack>
        {draft.diff === '' ? (
          <Soft>Nothing is different.</Soft>
        ) : (
          <SourceDiff label="Draft against what is in use" diff={draft.diff} />
        )}
        {isAuthor ? (
          <Soft>
            You wrote at this draft, so somebody else decides about it: ask another person to open this page.
            Written by {authors.map(principalName).join(', ')}.
          </Soft>
        ) : mayDecide !== true ? (
          <Soft>It waits for somebody who decides about workflows.</Soft>
        ) : (
          <TextDecision
            what={`version ${version} of ${name}`}
            canApprove={draft.problems.length === 0}
            approve="Have runs start with it"
            done={['New runs start with it from now on.', 'The draft is rejected.']}
            invalidates={['workflows']}
            decide={(verdict, reason) =>
              studio.decideWorkflow({ params: { name }, body: { digest, verdict, reason } })
            }
          />
        )}
      </Stack>
    </Section>
  )
}
