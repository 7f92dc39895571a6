import { defineErrors } from '../../kernel/index.ts'

export const evidenceErrors = defineErrors('EVIDENCE', {
  INCOMPLETE: {
    summary: 'A part of the evidence is gone from the database',
    remedy:
      'Restore the database from a backup; `atelier audit verify` tells what else was changed or removed.',
  },
})
