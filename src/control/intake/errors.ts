import { defineErrors } from '../../kernel/index.ts'

export const intakeErrors = defineErrors('INTAKE', {
  UNREADABLE: {
    summary: 'The issue cannot be read as text',
    remedy: 'Give a UTF-8 text or Markdown file that this user may read, or pipe the text to standard input.',
  },
  EMPTY: {
    summary: 'The issue has no text',
    remedy: 'Say in a sentence what is wrong or what is wanted; a stack trace or a failing test helps most.',
  },
  TOO_LARGE: {
    summary: 'The issue is longer than a million bytes',
    remedy: 'Keep the part of the log around the failure, and say what is wrong in a sentence at the top.',
  },
})
