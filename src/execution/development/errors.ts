import { defineErrors } from '../../kernel/index.ts'

export const developmentErrors = defineErrors('DEVELOP', {
  PATH_REFUSED: {
    summary: 'The tools of the developer do not touch this path',
    remedy:
      'Name an ordinary file of the repository by its path relative to the root, for example `lib/parser.js`.',
  },
  PATH_PROTECTED: {
    summary: 'This path is protected; only people change it',
    remedy:
      'Solve the task without changing it, or say in the result which change a person would have to make.',
  },
  FILE_ABSENT: {
    summary: 'There is no such file',
    remedy: 'Use one of the paths that are named, or look for the file with files.list or files.search.',
  },
  FILE_EXISTS: {
    summary: 'There is a file at this path already',
    remedy: 'Change it with files.edit, or pass `overwrite` if all of it shall be replaced.',
  },
  NOT_TEXT: {
    summary: 'This is no text file',
    remedy: 'Work with the text files it is made from, or look at it with a program through shell.run.',
  },
  TOO_LARGE: {
    summary: 'This is more than the tool handles',
    remedy: 'Take a smaller part: a window of the file, a narrower path or pattern, fewer edits at once.',
  },
  TEXT_NOT_FOUND: {
    summary: 'The text to replace does not stand in the file',
    remedy: 'Read the lines that are shown and repeat the edit with exactly their text.',
  },
  TEXT_AMBIGUOUS: {
    summary: 'The text to replace stands in the file more than once',
    remedy: 'Add neighbouring lines until it is unique, or pass `all: true` to replace every occurrence.',
  },
  NOTHING_CHANGES: {
    summary: 'The edit would change nothing',
    remedy: 'Read the file again; perhaps it holds the change already.',
  },
  PATCH_UNREADABLE: {
    summary: 'This is not a unified diff',
    remedy:
      'Write `--- a/path`, `+++ b/path` and hunks that start with `@@`, each line with ` `, `-` or `+` in front; or use files.edit.',
  },
  NO_LONGER_PARSES: {
    summary: 'The file would no longer parse, so nothing was changed',
    remedy: 'Correct the place that is named and repeat the whole edit.',
  },
  PATTERN_INVALID: {
    summary: 'The pattern cannot be used',
    remedy: 'Correct the pattern, or search for it literally without `regex`.',
  },
  SEARCH_UNAVAILABLE: {
    summary: 'The code of this repository cannot be searched by meaning',
    remedy: 'Use files.search with names or words that stand in the code.',
  },
  FOLDER_ABSENT: {
    summary: 'There is no such folder in the workspace',
    remedy: 'Name a folder relative to the root of the repository; leave it out for the root.',
  },
})
