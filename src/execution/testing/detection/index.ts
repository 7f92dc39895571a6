import { testingErrors } from '../errors.ts'
import type { RepositoryFiles } from '../repository-files.ts'
import type { TestSuite } from '../suite.ts'
import { detectPackageSuite, suiteOfCommand } from './javascript.ts'
import { readManifest } from './manifest.ts'
import { detectPythonSuite } from './python.ts'

export interface DetectOptions {
  /** The command that runs the tests, when a person named one. */
  readonly command?: string
}

/**
 * Finds out what runs the tests of a repository: from the given command, or from package.json, its configuration
 * files and the layout of the tests. Nothing is executed.
 *
 * @throws `ATL_TESTING_NO_TESTS` if nothing was found, `ATL_TESTING_MANIFEST_UNREADABLE` for a broken package.json
 */
export async function detectSuite(files: RepositoryFiles, options: DetectOptions = {}): Promise<TestSuite> {
  const manifest = await readManifest(files)
  if (options.command !== undefined) return suiteOfCommand(options.command, manifest, files)
  const inPackage = manifest === null ? null : await detectPackageSuite(manifest, files)
  const inPython = await detectPythonSuite(files)
  const chosen = inPackage ?? inPython
  if (chosen === null) throw testingErrors.NO_TESTS()
  if (inPackage === null || inPython === null) return chosen
  return {
    ...chosen,
    alternatives: [
      ...chosen.alternatives,
      {
        framework: inPython.framework,
        command: inPython.command,
        reason: 'The package has tests in JavaScript, which come first.',
      },
    ],
  }
}
