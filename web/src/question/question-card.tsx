import { useRef } from 'react'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { MessageCircleQuestion } from 'lucide-react'
import { runQuery, studio, type RunReport } from '../api/index.ts'
import {
  Age,
  Button,
  ErrorNote,
  formatMoment,
  principalName,
  TextArea,
  useAnnouncer,
  useDraft,
} from '../ui/index.ts'
import styles from './question-card.module.css'

type Question = NonNullable<RunReport['question']>

/** What an agent wants to know, with a way to tell it for whoever may. The run goes on with the first answer. */
export function QuestionCard({
  runId,
  question,
  mayAnswer,
  onAnswered,
}: {
  readonly runId: string
  readonly question: Question
  readonly mayAnswer: boolean
  readonly onAnswered?: () => void
}) {
  return (
    <section className={styles['card']} aria-label="Question of an agent">
      <header>
        <MessageCircleQuestion size={18} aria-hidden />
        <h2 dir="auto">{question.question}</h2>
      </header>
      {question.why !== '' && (
        <p dir="auto" className={styles['why']}>
          {question.why}
        </p>
      )}
      <p className={styles['by']}>
        {principalName(question.askedBy)} asks, <Age time={question.askedAt} />. The run waits until{' '}
        <time dateTime={question.expiresAt}>{formatMoment(question.expiresAt)}</time>.
      </p>
      {mayAnswer ? (
        <AnswerForm key={question.id} runId={runId} question={question} onAnswered={onAnswered} />
      ) : (
        <p className={styles['why']}>Whoever asked for the work, or an engineer, can answer it.</p>
      )}
    </section>
  )
}

function AnswerForm({
  runId,
  question,
  onAnswered,
}: {
  readonly runId: string
  readonly question: Question
  readonly onAnswered: (() => void) | undefined
}) {
  const [text, setText] = useDraft(`answer-${runId}-${question.id}`)
  const field = useRef<HTMLFormElement>(null)
  const cache = useQueryClient()
  const { say } = useAnnouncer()
  const readAgain = (): void => {
    for (const queryKey of [['inbox'], ['runs']]) void cache.invalidateQueries({ queryKey })
  }
  const answer = useMutation({
    mutationFn: () =>
      studio.replyToRun({ params: { runId }, body: { text: text.trim(), question: question.id } }),
    onSuccess: (run) => {
      setText('')
      cache.setQueryData(runQuery(runId).queryKey, run)
      say('Answered. The run goes on with it.')
      onAnswered?.()
      readAgain()
    },
    // Somebody else was faster, or something else is asked by now: show what is.
    onError: () => {
      void cache.invalidateQueries(runQuery(runId))
      readAgain()
    },
  })
  return (
    <form
      ref={field}
      className={styles['form']}
      onSubmit={(event) => {
        event.preventDefault()
        if (text.trim() !== '') answer.mutate()
      }}
      onKeyDown={(event) => {
        if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) event.currentTarget.requestSubmit()
      }}
    >
      {question.options.length > 0 && (
        <div className={styles['options']} role="group" aria-label="Answers that it has thought of">
          {question.options.map((option) => (
            <Button
              key={option}
              aria-pressed={text === option}
              onClick={() => {
                setText(option)
                field.current?.querySelector('textarea')?.focus()
              }}
            >
              {option}
            </Button>
          ))}
        </div>
      )}
      <TextArea
        label="Answer"
        hint="Whoever answers has a part in the change, and leaves its approval to others."
        maxLength={8000}
        rows={3}
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      {answer.isError && <ErrorNote error={answer.error} />}
      <div>
        <Button
          look="primary"
          type="submit"
          keys="mod+enter"
          busy={answer.isPending}
          disabled={text.trim() === ''}
        >
          Answer
        </Button>
      </div>
    </form>
  )
}
