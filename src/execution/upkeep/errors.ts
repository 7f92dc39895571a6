import { defineErrors } from '../../kernel/index.ts'

export const upkeepErrors = defineErrors('UPKEEP', {
  OTHER_KIND: {
    summary: 'The workflow is for another kind of work than the work item asks for',
    remedy: 'Use the workflow that has the name of the kind, or correct the tools that it uses.',
  },
  NO_LINTER: {
    summary: 'This project declares no linter that the studio can run',
    remedy:
      'Add ESLint or Biome to devDependencies, or Ruff to the development requirements, with its configuration, and commit it.',
  },
  NO_FORMATTER: {
    summary: 'This project declares no formatter that the studio can run',
    remedy:
      'Add Prettier or Biome to devDependencies, or Black or Ruff to the development requirements, and commit it.',
  },
  NOT_INSTALLED: {
    summary: 'The program is configured, but not among the dependencies that were installed',
    remedy:
      'Declare it in package.json or in the development requirements, update the lock file, and commit both.',
  },
  PROGRAM_CRASHED: {
    summary: 'The program of the project ended without a result',
    remedy:
      'The end of its output says why; most often its configuration or a plugin of it is broken. Correct it and try again.',
  },
  TIMED_OUT: {
    summary: 'The program of the project did not end in time',
    remedy: 'Limit the work with --path, or leave generated files out in the configuration of the program.',
  },
  TOO_MUCH: {
    summary: 'The work is too large for one change that people can review',
    remedy: 'Limit it with --path, and go through the project folder by folder.',
  },
  RULE_NOT_FOUND: {
    summary: 'There is no such rule',
    remedy:
      'Name a file with an ast-grep rule, or the path or id of a rule in the repository that its sgconfig.yml knows.',
  },
  RULE_INVALID: {
    summary: 'The rule cannot be used',
    remedy: 'Correct the rule as the message says; it needs an id, a language, a rule and a fix.',
  },
  ENGINE_MISSING: {
    summary: 'ast-grep, which applies rules, is not installed on this machine',
    remedy: 'Run `npm ci` with optional dependencies on Linux for x64 or arm64 with glibc.',
  },
  NO_DEPENDENCIES: {
    summary: 'There is nothing to update in this repository',
    remedy:
      'Dependencies are updated in package.json with a package-lock.json, or in requirements files for pip, at the root of the repository.',
  },
  LOCK_MISSING: {
    summary: 'This package has no package-lock.json, so nothing says which versions it uses',
    remedy: 'Run `npm install --package-lock-only` and commit package-lock.json, then try again.',
  },
  LOCK_MISMATCH: {
    summary: 'package-lock.json does not match package.json',
    remedy: 'Run `npm install --package-lock-only` and commit both files, then try again.',
  },
  LOCK_UNREADABLE: {
    summary: 'package-lock.json cannot be used',
    remedy: 'Make it again with `npm install --package-lock-only` (npm 7 or newer) and commit it.',
  },
  UPDATE_FAILED: {
    summary: 'The package manager could not work out the new versions',
    remedy:
      'The end of its output says why; name single packages with --package to leave out those that conflict.',
  },
  UNKNOWN_PACKAGE: {
    summary: 'This project does not depend directly on a package of this name',
    remedy: 'Name packages as the manifest does.',
  },
})
