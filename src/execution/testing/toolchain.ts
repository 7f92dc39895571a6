import { execFile } from 'node:child_process'
import { access, constants, realpath } from 'node:fs/promises'
import { delimiter, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { testingErrors } from './errors.ts'
import { toolchainTarget } from './running/workspace.ts'

/** The languages' own programs, as sandboxes see them. */
export interface Toolchain {
  /** What every sandbox that runs tests or installs packages has to bind. */
  readonly binds: readonly { readonly source: string; readonly target: string }[]
  /** Version of Node, such as `v20.19.0`. */
  readonly node: string
  /** Version of Python 3, or null where there is none. */
  readonly python: string | null
}

export interface ToolchainOptions {
  /** PATH of the studio's own process. */
  readonly searchPath: string
  /** The Node that runs the studio, for machines that have no other. */
  readonly pinnedNode: string
}

/** Folders that every sandbox has from the host. */
const systemFolders = ['/usr/local/bin', '/usr/bin', '/bin']

const run = promisify(execFile)

/**
 * Finds Node, npm and Python: those under `/usr`, which sandboxes see anyway, or else those on PATH or the pinned
 * Node, to be bound.
 *
 * @throws `ATL_TESTING_RUNTIME_MISSING` if there is no npm
 */
export async function locateToolchain(options: ToolchainOptions): Promise<Toolchain> {
  const python = await firstProgram('python3', systemFolders)
  const found = {
    python: python === null ? null : await versionOf(python),
  }
  const node = await firstProgram('node', systemFolders)
  const npm = await firstProgram('npm', systemFolders)
  if (node !== null && npm !== null) return { ...found, binds: [], node: await versionOf(node) }
  const folders = options.searchPath.split(delimiter)
  const otherNode = await realpath((await firstProgram('node', folders)) ?? options.pinnedNode)
  const otherNpm = npm ?? (await firstProgram('npm', folders))
  if (otherNpm === null)
    throw testingErrors.RUNTIME_MISSING({
      detail: 'npm, which installs the dependencies of JavaScript projects',
    })
  // …/npm/bin/npm-cli.js
  const npmPackage = dirname(dirname(await realpath(otherNpm)))
  return {
    ...found,
    node: await versionOf(otherNode),
    binds: [
      { source: otherNode, target: `${toolchainTarget}/bin/node` },
      { source: npmPackage, target: `${toolchainTarget}/npm` },
    ],
  }
}

async function firstProgram(name: string, folders: readonly string[]): Promise<string | null> {
  for (const folder of folders) {
    const program = join(folder, name)
    try {
      await access(program, constants.X_OK)
      return program
    } catch {
      continue
    }
  }
  return null
}

async function versionOf(program: string): Promise<string> {
  const { stdout } = await run(program, ['--version'], { timeout: 20_000 })
  return stdout.trim()
}
