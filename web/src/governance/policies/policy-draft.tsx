import { useState } from 'react'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Check, CircleDashed } from 'lucide-react'
import { studio, useMay } from '../../api/index.ts'
import { Editor, useSettled } from '../../editor/index.ts'
import { useShortcuts } from '../../keyboard/index.ts'
import { Button, ErrorNote, Section, Skeleton, useAnnouncer } from '../../ui/index.ts'
import { Row, Soft, Stack } from '../../panels/index.ts'
import { PolicyDecision } from './policy-decision.tsx'
import { policyCheckQuery, type OwnPolicy } from './queries.ts'
import { TestResults } from './shipped-tests.tsx'
import { SimulationView } from './simulation-view.tsx'
import { firstText, stageOf, type Stage } from './stage.ts'
import styles from './policies.module.css'

const stages: readonly (readonly [Stage, string])[] = [
  ['write', 'Write'],
  ['simulate', 'Simulate'],
  ['approve', 'Approved by another person'],
  ['in-force', 'In force'],
]

/** The text in an editor, and beside it what it would do. */
export function PolicyDraft({
  name,
  versions,
}: {
  readonly name: string
  readonly versions: readonly OwnPolicy[]
}) {
  const draft = versions.find(({ state }) => state === 'draft')
  const inForce = versions.find(({ state }) => state === 'in-force')
  const kept = draft ?? inForce
  const [text, setText] = useState(kept?.text ?? firstText(name))
  const [tests, setTests] = useState(kept?.tests ?? '')
  const isEdited = kept === undefined || text !== kept.text || tests !== kept.tests
  const stage = stageOf(draft, inForce !== undefined, isEdited)
  const { check, state } = useCheck(name, text, tests)
  const { simulate, keep, isBusy, error } = useRehearsal(name, { text, tests }, isEdited)
  const mayDraft = useMay({ inTenant: 'draft-policy' })
  useShortcuts(
    mayDraft === true
      ? [
          { keys: 'mod+s', does: 'Keep the draft', group: 'Policy', run: () => keep() },
          { keys: 'mod+enter', does: 'Keep and simulate', group: 'Policy', run: () => simulate() },
        ]
      : [],
  )
  const rehearsal = draft?.rehearsal?.draft === draft?.digest ? draft?.rehearsal : undefined

  return (
    <div className={styles['sides']}>
      <Stack>
        <Stages stage={stage} />
        <Editor
          label="Policy, in Cedar"
          text={text}
          onChange={setText}
          state={text.trim() === '' ? 'unknown' : state}
          problems={(check?.problems ?? []).map(({ help, ...problem }) => ({ ...problem, remedy: help }))}
        />
        <Editor
          label="Its tests, in YAML"
          text={tests}
          onChange={setTests}
          rows={8}
          placeholder={testExample}
          state={check?.testsProblem === null && tests !== '' ? state : 'unknown'}
          problems={
            check?.testsProblem == null ? [] : [{ message: check.testsProblem, line: null, column: null }]
          }
        />
        {text.trim() === '' && <Soft>Without text, approving the draft takes the policy back.</Soft>}
        {mayDraft === true ? (
          <Row>
            <Button look="primary" keys="mod+enter" busy={isBusy} onClick={() => simulate()}>
              {isEdited ? 'Keep and simulate' : 'Simulate'}
            </Button>
            <Button keys="mod+s" disabled={!isEdited} busy={isBusy} onClick={() => keep()}>
              Keep the draft
            </Button>
          </Row>
        ) : (
          <Soft>You can read it and try changes here, and cannot keep them as a draft.</Soft>
        )}
        {error !== null && <ErrorNote error={error} />}
      </Stack>
      <div>
        <Section title="What it would have done">
          {isBusy ? (
            <Skeleton lines={4} />
          ) : rehearsal?.simulation == null ? (
            <Soft>
              Simulate it to see which acts of the last 30 days it would have blocked. Every decision was
              recorded whole, so this is what would really have happened.
            </Soft>
          ) : (
            <SimulationView simulation={rehearsal.simulation} />
          )}
        </Section>
        {check !== undefined && check.tests.length > 0 && (
          <Section title="Tests">
            <TestResults results={check.tests} />
          </Section>
        )}
        {draft !== undefined && !isEdited && (
          <Section title="Approval">
            <PolicyDecision draft={draft} />
          </Section>
        )}
      </div>
    </div>
  )
}

const testExample = `- name: agents publish in the day
  request:
    principal: { kind: agent, id: agent:developer }
    action: cause-irreversible-effect
    …
  expect: { decision: allow }`

function useCheck(name: string, text: string, tests: string) {
  const settledText = useSettled(text)
  const settledTests = useSettled(tests)
  const { data, isFetching } = useQuery(policyCheckQuery(name, settledText, settledTests))
  const isBehind = settledText !== text || settledTests !== tests || isFetching
  const isEmpty = text.trim() === ''
  return {
    check: isEmpty ? undefined : data,
    state: isBehind
      ? ('checking' as const)
      : data === undefined
        ? ('unknown' as const)
        : ('checked' as const),
  }
}

/** Keeps the text where it was changed, and has it tested and simulated. */
function useRehearsal(
  name: string,
  body: { readonly text: string; readonly tests: string },
  isEdited: boolean,
) {
  const cache = useQueryClient()
  const { say } = useAnnouncer()
  const work = useMutation({
    mutationFn: async (how: 'keep' | 'simulate') => {
      if (isEdited) await studio.savePolicyDraft({ params: { name }, body })
      if (how === 'simulate') await studio.rehearsePolicy({ params: { name }, body: {} })
      await cache.invalidateQueries({ queryKey: ['policies'] })
      if (how === 'keep') say('The draft is kept. Nothing has changed for anybody yet.')
    },
  })
  return {
    simulate: () => {
      if (!work.isPending) work.mutate('simulate')
    },
    keep: () => {
      if (!work.isPending && isEdited) work.mutate('keep')
    },
    isBusy: work.isPending,
    error: work.error,
  }
}

function Stages({ stage }: { readonly stage: Stage }) {
  const reached = stages.findIndex(([id]) => id === stage)
  return (
    <ol className={styles['steps']} aria-label="The way of a policy">
      {stages.map(([id, words], index) => {
        const isDone = index < reached || stage === 'in-force'
        return (
          <li key={id} data-done={isDone} aria-current={id === stage ? 'step' : undefined}>
            {isDone ? <Check size={14} aria-label="Done" /> : <CircleDashed size={14} aria-hidden />}
            {words}
          </li>
        )
      })}
    </ol>
  )
}
