import { defineErrors } from '../../kernel/index.ts'

export const ownTextErrors = defineErrors('OWN_TEXT', {
  UNKNOWN: {
    summary: 'There is no such text of your own',
    remedy: 'List what there is to see the names; a draft has to be written before anything is done with it.',
  },
  CHANGED: {
    summary: 'The draft is not the one that was shown',
    remedy: 'Read the draft again and decide about what it says now.',
  },
})
