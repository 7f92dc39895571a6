import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { TenantId } from '../../kernel/index.ts'
import { RepositoryHost, type RepositoryHostOptions } from './repository-host.ts'

/** A folder with real repositories and a host, for tests of this plane. Removed when disposed of. */
export class Scratch implements Disposable {
  readonly folder: string
  readonly host: RepositoryHost
  readonly tenantId = 'tenant-a' as TenantId

  constructor(options: Partial<RepositoryHostOptions> = {}) {
    this.folder = mkdtempSync(join(tmpdir(), 'atelier-repository-'))
    // mkdtemp makes it private; layers are for other users as well.
    chmodSync(this.folder, 0o755)
    this.host = new RepositoryHost({
      stateDirectory: join(this.folder, 'state'),
      workingDirectory: this.folder,
      environment: { PATH: process.env['PATH'] },
      ...options,
    })
  }

  /** A repository with a working tree and, when files are given, a first commit on `main`. */
  repository(name: string, files?: Files, options: readonly string[] = []): WorkingRepository {
    const path = join(this.folder, name)
    mkdirSync(path, { recursive: true })
    const repository = new WorkingRepository(path)
    repository.git('init', '--quiet', '--initial-branch=main', ...options)
    if (files !== undefined) repository.commit('First', files)
    return repository
  }

  import(location: string, revision?: string) {
    return this.host.import({
      tenantId: this.tenantId,
      location,
      ...(revision === undefined ? {} : { revision }),
    })
  }

  [Symbol.dispose](): void {
    this.host.close()
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** Content by path; null deletes, `link` makes a symbolic link, `executable` a program. */
export type Files = Readonly<
  Record<string, string | Uint8Array | null | { readonly link: string } | { readonly executable: string }>
>

/** A repository that a test may do anything to. */
export class WorkingRepository {
  readonly path: string
  #clock = Date.UTC(2024, 0, 1) / 1000

  constructor(path: string) {
    this.path = path
  }

  git(...args: readonly string[]): string {
    return this.gitWithInput('', ...args)
  }

  gitWithInput(input: string | Uint8Array, ...args: readonly string[]): string {
    this.#clock += 60
    const output = execFileSync(
      'git',
      ['-c', 'core.hooksPath=/dev/null', '-c', 'core.fsmonitor=false', ...args],
      {
        cwd: this.path,
        input,
        stdio: ['pipe', 'pipe', 'pipe'],
        env: {
          PATH: process.env['PATH'],
          HOME: '/nonexistent',
          GIT_CONFIG_NOSYSTEM: '1',
          GIT_AUTHOR_NAME: 'Ada',
          GIT_AUTHOR_EMAIL: 'ada@example.org',
          GIT_AUTHOR_DATE: `@${this.#clock} +0000`,
          GIT_COMMITTER_NAME: 'Ada',
          GIT_COMMITTER_EMAIL: 'ada@example.org',
          GIT_COMMITTER_DATE: `@${this.#clock} +0000`,
          GIT_CONFIG_COUNT: '1',
          GIT_CONFIG_KEY_0: 'protocol.file.allow',
          GIT_CONFIG_VALUE_0: 'always',
        },
      },
    )
    return output.toString('utf8').trim()
  }

  write(files: Files): void {
    for (const [name, content] of Object.entries(files)) {
      const path = join(this.path, name)
      mkdirSync(dirname(path), { recursive: true })
      rmSync(path, { force: true })
      if (content === null) continue
      if (typeof content === 'string' || content instanceof Uint8Array) writeFileSync(path, content)
      else if ('link' in content) symlinkSync(content.link, path)
      else writeFileSync(path, content.executable, { mode: 0o755 })
    }
  }

  /** Commits everything and returns the commit's id. */
  commit(subject: string, files: Files = {}): string {
    this.write(files)
    this.git('add', '--all', '--force')
    this.git('commit', '--quiet', '--allow-empty', '-m', subject)
    return this.git('rev-parse', 'HEAD')
  }

  /** Writes an object that git's own commands would refuse to make. */
  writeObject(type: 'tree' | 'commit' | 'blob', content: Uint8Array | string): string {
    return this.gitWithInput(content, 'hash-object', '-t', type, '-w', '--literally', '--stdin')
  }

  /** A commit of a hand-made tree on a new branch. */
  commitTree(
    branch: string,
    entries: readonly (readonly [mode: string, name: string, id: string])[],
  ): string {
    const tree = this.writeObject(
      'tree',
      Buffer.concat(
        entries.map(([mode, name, id]) =>
          Buffer.concat([Buffer.from(`${mode} ${name}\0`), Buffer.from(id, 'hex')]),
        ),
      ),
    )
    const commit = this.git('commit-tree', tree, '-m', 'Hand-made')
    this.git('update-ref', `refs/heads/${branch}`, commit)
    return commit
  }
}

/** Matches an error by its code. */
export function coded(code: string): { readonly code: string } {
  return { code: `ATL_REPOSITORY_${code}` }
}
