import { fileKind, isTestPath, type FileChange } from '../../execution/repository/index.ts'
import { isSuiteConfiguration, restoreTestManifest } from './suite-configuration.ts'

export interface BaseTestPlan {
  /** Changes to the candidate's tree that put the base revision's tests back. */
  readonly changes: readonly FileChange[]
  /** Tests that the change adds or alters, to be run apart. */
  readonly changedTests: readonly string[]
}

/** A file of the change, with the exact bytes of both versions; null where it is absent. */
export interface VersionedFile {
  readonly path: string
  readonly before: Uint8Array | null
  readonly after: Uint8Array | null
  readonly wasExecutable: boolean
}

/**
 * What turns a candidate's tree into the tree that the verdict is reached on: the candidate's sources with the base
 * revision's tests (invariant I8). Tests, what they read (fixtures, snapshots, mocks) and what steers the runner are
 * as they were; tests that the change adds are left out, so that they cannot influence the others.
 *
 * `package.json` is both sources and steering: it keeps the candidate's dependencies and gets back the base
 * revision's scripts and runner settings.
 *
 * @param files every file that differs between base and candidate, a rename as one absent before and one absent after.
 */
export function planBaseTests(files: readonly VersionedFile[]): BaseTestPlan {
  const changes = files.flatMap((file): FileChange[] => {
    const { path, before, after } = file
    if (isTestPath(path) || isSuiteConfiguration(path)) return restore(file)
    if (!/(?:^|\/)package\.json$/.test(path) || before === null || after === null) return []
    const restored = restoreTestManifest(
      Buffer.from(before).toString('utf8'),
      Buffer.from(after).toString('utf8'),
    )
    return restored === null ? [] : [{ kind: 'write', path, content: restored }]
  })
  const changedTests = files
    .filter(({ path, after }) => after !== null && fileKind(path) === 'test' && isRunnable(path))
    .map(({ path }) => path)
  return { changes, changedTests }
}

function restore({ path, before, wasExecutable }: VersionedFile): FileChange[] {
  if (before === null) return [{ kind: 'delete', path }]
  return [{ kind: 'write', path, content: before, mode: wasExecutable ? 'executable' : 'file' }]
}

/** Fixtures and snapshots are part of the tests but nothing that a runner runs. */
function isRunnable(path: string): boolean {
  return (
    /\.(?:[cm]?[jt]sx?|py|go|rs|rb|java|kt)$/.test(path) &&
    !/(?:^|\/)(?:__mocks__|__snapshots__|__fixtures__|fixtures|testdata)\//i.test(path) &&
    !/(?:^|\/)conftest\.py$/.test(path)
  )
}
