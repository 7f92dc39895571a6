import { defineErrors } from '../../kernel/index.ts'

export const toolErrors = defineErrors('TOOL', {
  UNKNOWN: {
    summary: 'There is no tool of this name',
    remedy: 'Correct the name in the workflow or the agent file.',
  },
  DECLARED_TWICE: {
    summary: 'Two tools have the same name',
    remedy: 'Rename one of them; names identify tools in policies and in the audit log.',
  },
  NO_RECOVERY: {
    summary: 'A tool with an external effect does not say how to find out whether it happened',
    remedy: 'Implement `recover`, so that a crash cannot make the effect happen twice.',
  },
})
