import { defineErrors } from '../../kernel/index.ts'

export const repositoryErrors = defineErrors('REPOSITORY', {
  NOT_FOUND: {
    summary: 'There is no git repository at this place',
    remedy: 'Name the root of a working tree, a bare repository, or a URL that git understands.',
  },
  LOCATION_REFUSED: {
    summary: 'This location is not one the studio will hand to git',
    remedy: 'Use a path, or a file, ssh or https URL without a password and without options in it.',
  },
  UNSAFE_SOURCE: {
    summary: 'The repository refers to files outside itself, so it was not imported',
    remedy: 'Make a plain clone (`git clone --no-local SOURCE COPY`) and import the copy.',
  },
  UNSUPPORTED: {
    summary:
      'The repository uses a storage feature that cannot be imported without running its configuration',
    remedy: 'Make a plain clone (`git clone --no-local SOURCE COPY`) and import the copy.',
  },
  UNREADABLE: {
    summary: 'The repository cannot be read by this user',
    remedy: 'Run as a user who may read it, or make a clone that this user owns.',
  },
  EMPTY: {
    summary: 'The repository has no commit yet',
    remedy: 'Commit the files that the work is about, then start again.',
  },
  UNKNOWN_REVISION: {
    summary: 'The repository has no such revision',
    remedy: 'Name a branch, a tag or a commit that exists in it, or leave the revision out to use its HEAD.',
  },
  UNKNOWN_OBJECT: {
    summary: 'The imported repository does not hold this object',
    remedy: 'Import the repository again; if it still fails, report it with the object id.',
  },
  CORRUPTED: {
    summary: 'The repository is damaged or holds objects that git refuses',
    remedy: 'Run `git fsck --full` in the source and repair what it reports, then start again.',
  },
  NO_SPACE: {
    summary: 'The disk is full',
    remedy: 'Free some space in the state directory, then resume the run.',
    retryable: true,
  },
  REMOTE_UNREACHABLE: {
    summary: 'The remote repository did not answer',
    remedy: 'Check the network, the host name and the proxy, then resume the run.',
    retryable: true,
  },
  REMOTE_DENIED: {
    summary: 'The remote repository refused access',
    remedy: 'Configure credentials for this host that may read it (and push branches, to publish).',
  },
  BUSY: {
    summary: 'Another run is importing or publishing this repository',
    remedy: 'Wait for it to end; the step is tried again by itself.',
    retryable: true,
  },
  TIMED_OUT: {
    summary: 'Git did not finish in time',
    remedy: 'Try again when the machine is less busy, or raise the time limit for git.',
    retryable: true,
  },
  CANCELLED: {
    summary: 'The git operation was cancelled',
    remedy: 'Resume the run to start it again.',
  },
  GIT_MISSING: {
    summary: 'The program git was not found',
    remedy: 'Install it (Debian: `apt-get install git`), version 2.36 or later.',
  },
  GIT_FAILED: {
    summary: 'Git failed in a way that is not foreseen',
    remedy: 'Read the message; if it does not help, report it with the log of the run.',
  },
  TOO_LARGE: {
    summary: 'This is larger than the studio handles',
    remedy: 'Exclude it from the work, or raise the limit for repositories.',
  },
  PATTERN_INVALID: {
    summary: 'Git cannot search for this pattern',
    remedy: 'Correct the regular expression, or search for the text literally.',
  },
  PATCH_INVALID: {
    summary: 'The change does not apply to the tree',
    remedy: 'Make it against exactly this tree and try again.',
  },
  PATH_REFUSED: {
    summary: 'The change touches a path that changes may not touch',
    remedy: 'Keep the change to ordinary files inside the repository and inside the allowed paths.',
  },
  BINARY_REFUSED: {
    summary: 'The change contains binary content, which is not allowed here',
    remedy: 'Leave binary files out of the change.',
  },
  BRANCH_CONFLICT: {
    summary: 'The branch to publish exists already and is not of this run',
    remedy: 'Delete or rename the branch in the repository, then resume the run.',
  },
})
