import { posix } from 'node:path'
import type { Sandbox } from '../../sandbox/index.ts'
import type { RepositoryFiles } from '../repository-files.ts'

export const workspaceRoot = '/workspace'

/** Where a toolchain that does not stand under `/usr` is bound. */
export const toolchainTarget = '/opt/atelier/toolchain'

const systemPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** PATH for commands of a package: its own programs, then those of the root, the toolchain's and the system's. */
export function programPath(directory: string): string {
  const folders = directory === '' ? [''] : [directory, '']
  return [
    ...folders.flatMap((folder) => [
      posix.join(workspaceRoot, folder, 'node_modules/.bin'),
      posix.join(workspaceRoot, folder, '.venv/bin'),
    ]),
    `${toolchainTarget}/bin`,
    `${toolchainTarget}/npm/bin`,
    systemPath,
  ].join(':')
}

/** The files of one package as they stand in a sandbox. The listing is read once. */
export function openWorkspace(sandbox: Sandbox, directory: string): RepositoryFiles {
  const root = posix.join(workspaceRoot, directory)
  let listing: Promise<readonly string[]> | undefined
  const list = async (): Promise<readonly string[]> => {
    const { stdout } = await sandbox.run({
      argv: ['find', '.', ...prunedNames, '-type', 'f', '-print'],
      cwd: root,
      timeoutMs: 60_000,
    })
    return stdout
      .split('\n')
      .filter((line) => line.startsWith('./'))
      .map((line) => line.slice(2))
      .sort()
  }
  return {
    list: () => (listing ??= list()),
    async read(path) {
      const bytes = await sandbox.readFile(posix.join(root, path))
      return bytes === null ? null : new TextDecoder().decode(bytes)
    },
  }
}

const prunedNames = [
  '(',
  '-name',
  'node_modules',
  '-o',
  '-name',
  '.git',
  '-o',
  '-name',
  '.venv',
  ')',
  '-prune',
  '-o',
]
