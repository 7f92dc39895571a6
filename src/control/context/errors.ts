import { defineErrors } from '../../kernel/index.ts'

export const contextErrors = defineErrors('CONTEXT', {
  NOT_INDEXED: {
    summary: 'Nothing of this repository is indexed up to this commit',
    remedy: 'Index it with `atelier index --repo <path>`, then ask again.',
  },
  NO_WORDS: {
    summary: 'The question has no words that could be looked for',
    remedy: 'Name what you look for: a function, an error message, or what the code does.',
  },
})
