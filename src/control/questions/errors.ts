import { defineErrors } from '../../kernel/index.ts'

export const questionErrors = defineErrors('QUESTION', {
  NOT_ASKED: {
    summary: 'This run does not wait for an answer',
    remedy: 'See where it stands with `atelier show <run>`.',
  },
  CHANGED: {
    summary: 'The run asks something else by now',
    remedy: 'Look at the question it waits with (`atelier show <run>`), and answer that.',
  },
  ANSWERED: {
    summary: 'Somebody has answered this question already',
    remedy: 'Nothing needs to be done: the run goes on with the answer that is on record.',
  },
  EXPIRED: {
    summary: 'Nobody answered this question in time',
    remedy: 'The run goes on without the answer; submit the work again and say there what was asked.',
  },
})
