import { useEffect, useMemo, useRef, useState } from 'react'
import { useMutation } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { createIdempotencyKey, mayHaveArrived, studio, type Submission } from '../api/index.ts'
import { Button, Choice, ErrorNote, Page, TextArea, TextField } from '../ui/index.ts'
import { useProjects } from '../project/index.ts'
import { DemoButton } from './demo-button.tsx'
import { type Draft, isComplete, keepDraft, lacksRule, readDraft, submissionOf } from './draft.ts'
import { PlanPreview } from './plan-preview.tsx'
import { kinds, TaskFields } from './task-fields.tsx'
import styles from './submit-screen.module.css'

/** Milliseconds without typing after which the plan is looked at. */
const settleMs = 600

/** A value once it has stayed the same for a moment. */
function useSettled(value: Submission | undefined): Submission | undefined {
  const text = JSON.stringify(value)
  const [settled, setSettled] = useState<string>()
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), settleMs)
    return () => clearTimeout(timer)
  }, [text])
  return useMemo(
    () => (settled !== undefined && settled === text ? value : undefined),
    [settled, text, value],
  )
}

/** Hands work to the studio. */
export function SubmitScreen() {
  const [draft, setDraft] = useState(readDraft)
  const [checked, setChecked] = useState(false)
  const key = useRef(createIdempotencyKey())
  const navigate = useNavigate()
  const submit = useMutation({
    mutationFn: () => studio.submitWorkItem({ body: submissionOf(draft), idempotencyKey: key.current }),
    onSuccess: ({ runId }) => {
      keepDraft(undefined)
      void navigate({ to: `/runs/${runId}` })
    },
    onError: (error) => {
      // What was refused may be put right and sent as something new; what was cut off keeps its key and counts once.
      if (!mayHaveArrived(error)) key.current = createIdempotencyKey()
    },
  })
  const set = (changes: Partial<Draft>): void => {
    const next = { ...draft, ...changes }
    setDraft(next)
    keepDraft(next)
  }
  const previewed = useSettled(isComplete(draft) ? submissionOf(draft) : undefined)
  const missing = (value: string, words: string): string | undefined =>
    checked && value.trim() === '' ? words : undefined

  return (
    <Page
      title="New work"
      lead="The studio plans it, does it in a sandbox, proves it with tests and asks before anything leaves."
      actions={<DemoButton />}
    >
      <div className={styles['columns']}>
        <form
          className={styles['form']}
          noValidate
          onSubmit={(event) => {
            event.preventDefault()
            setChecked(true)
            if (isComplete(draft)) submit.mutate()
          }}
          onKeyDown={(event) => {
            if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) event.currentTarget.requestSubmit()
          }}
        >
          <TextField
            label="Title"
            placeholder="Back-to-back appointments are refused"
            problem={missing(draft.title, 'Say in one line what is wrong or wanted.')}
            maxLength={500}
            value={draft.title}
            onChange={(event) => set({ title: event.target.value })}
          />
          <TextArea
            label="Description"
            hint="Steps, what was expected, what happened; a failing test or a stack trace helps most. Markdown is fine."
            rows={7}
            value={draft.body}
            onChange={(event) => set({ body: event.target.value })}
          />
          <div className={styles['pair']}>
            <TextField
              label="Repository"
              placeholder="/srv/git/appointments.git"
              hint="A path on the studio's machine, or an address that git understands."
              problem={missing(draft.location, 'Say where the repository is.')}
              value={draft.location}
              onChange={(event) => set({ location: event.target.value })}
            />
            <TextField
              label="Start from"
              placeholder="Default branch"
              hint="A branch, tag or commit."
              value={draft.revision}
              onChange={(event) => set({ revision: event.target.value })}
            />
          </div>
          <div className={styles['pair']}>
            <TextField
              label="Test command"
              placeholder="Found by itself"
              hint="Only where the project's own test command cannot be found."
              value={draft.testCommand}
              onChange={(event) => set({ testCommand: event.target.value })}
            />
            <Choice
              label="Kind of work"
              value={draft.kind}
              choices={kinds}
              onChange={(value) => set({ kind: kinds.find(([kind]) => kind === value)?.[0] ?? '' })}
            />
          </div>
          <TaskFields
            draft={draft}
            set={set}
            ruleProblem={
              checked && lacksRule(draft)
                ? 'Write the rule, or say which one of the repository it is.'
                : undefined
            }
          />
          <ProjectOfWork value={draft.projectId} onChange={(projectId) => set({ projectId })} />
          {submit.isError && <ErrorNote error={submit.error} />}
          <div>
            <Button look="primary" type="submit" keys="mod+enter" busy={submit.isPending}>
              Start the run
            </Button>
          </div>
        </form>
        <PlanPreview submission={previewed} />
      </div>
    </Page>
  )
}

/** Whose work it is: whoever may read the project reads what comes of it. */
function ProjectOfWork({
  value,
  onChange,
}: {
  readonly value: string
  readonly onChange: (projectId: string) => void
}) {
  const projects = useProjects().filter(({ archived }) => !archived)
  if (projects.length === 0) return null
  return (
    <Choice
      label="Project"
      hint="Those who have a role in it see the run, and its budget pays."
      value={value}
      choices={[['', 'That of the repository'], ...projects.map(({ id, name }) => [id, name] as const)]}
      onChange={onChange}
    />
  )
}
