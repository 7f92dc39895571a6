import { defineErrors } from '../../kernel/index.ts'

export const contextErrors = defineErrors('CONTEXT', {
  NOT_INDEXED: {
    summary: 'Nothing of this repository is indexed up to this commit',
    remedy: 'Index it with `atelier index --repo <path>`, then ask again.',
  },
  INDEX_BUSY: {
    summary: 'The index was cleared of old commits again and again while this one was being added',
    remedy: 'Try again.',
    retryable: true,
  },
  PREPARATION_FAILED: {
    summary: 'A thread that parses files ended before it was done',
    remedy: 'See whether the machine is short of memory, then index again; it goes on where it stopped.',
    retryable: true,
  },
  NO_WORDS: {
    summary: 'The question has no words that could be looked for',
    remedy: 'Name what you look for: a function, an error message, or what the code does.',
  },
})
