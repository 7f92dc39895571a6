import { defineErrors } from '../../src/kernel/index.ts'

export const benchErrors = defineErrors('BENCH', {
  CASES_UNREADABLE: {
    summary: 'The list of cases cannot be read',
    remedy:
      'Name a JSON file with `--cases`; it holds `cases`, each with repo, fix, parent, date, subject, sources and tests.',
  },
  MIRROR_MISSING: {
    summary: 'There is no git directory of a repository that the cases name',
    remedy:
      'Fetch it beside the project, for example `git clone --mirror URL DIR/owner+name/repo`, and name DIR with `--mirrors`.',
  },
  QUIXBUGS_MISSING: {
    summary: 'There is no checkout of QuixBugs',
    remedy:
      'Run `git clone https://github.com/jkoppel/QuixBugs DIR` beside the project and name DIR with `--source`.',
  },
})
