import { spawn } from 'node:child_process'
import { repositoryErrors } from './errors.ts'
import { explainGitFailure } from './git-failure.ts'

/** One call of git. Only the repository named here is touched, and only with the studio's own configuration. */
export interface GitRequest {
  readonly args: readonly string[]
  /** `GIT_DIR`. Absent for commands that need no repository. */
  readonly gitDirectory?: string
  readonly workTree?: string
  readonly indexFile?: string
  readonly input?: string | Uint8Array
  /** Extra configuration for this call, stronger than any file. */
  readonly config?: Readonly<Record<string, string>>
  /** Extra environment for this call. */
  readonly environment?: Readonly<Record<string, string>>
  readonly timeoutMs?: number
  readonly signal?: AbortSignal | undefined
  /** Exit codes besides 0 that are answers rather than failures. */
  readonly expectedExitCodes?: readonly number[]
  readonly maxOutputBytes?: number
}

export interface GitResult {
  readonly exitCode: number
  readonly stdout: Buffer
  readonly stderr: string
}

export interface GitOptions {
  readonly executable: string
  /** Variables of the host that git may see, see {@link passedVariables}. */
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly timeoutMs: number
  readonly maxOutputBytes: number
  /** Bytes of private memory that one git may use. */
  readonly memoryBytes: number
}

/**
 * What stands between us and git. The umask, because the sandbox's user must be able to read what git creates. The
 * limits, because a few kilobytes of crafted objects can make git fill the memory. The signal, because git must not
 * outlive a studio that is killed.
 */
const launcher = `umask 022
ulimit -d "$1" 2>/dev/null
ulimit -t "$2" 2>/dev/null
shift 2
exec setpriv --pdeathsig KILL -- "$@"`

/** How the host is reached: nothing else of the studio's environment gets to git. */
const passedVariables = [
  'PATH',
  'TMPDIR',
  'SSH_AUTH_SOCK',
  'HTTPS_PROXY',
  'https_proxy',
  'http_proxy',
  'ALL_PROXY',
  'all_proxy',
  'NO_PROXY',
  'no_proxy',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'GIT_SSL_CAINFO',
] as const

/**
 * Configuration that holds for every call. It is passed by environment, which git ranks above every file, so that no
 * file of a repository can undo it.
 */
const fixedConfiguration: Readonly<Record<string, string>> = {
  'core.hooksPath': '/dev/null',
  'core.fsmonitor': 'false',
  'core.attributesFile': '/dev/null',
  'core.excludesFile': '/dev/null',
  'core.autocrlf': 'false',
  'core.protectHFS': 'true',
  'core.protectNTFS': 'true',
  'core.quotePath': 'false',
  'core.untrackedCache': 'false',
  'commit.gpgSign': 'false',
  'credential.helper': '',
  'diff.external': '',
  'diff.noprefix': 'false',
  'diff.mnemonicPrefix': 'false',
  'fetch.recurseSubmodules': 'false',
  'fetch.unpackLimit': '1',
  'gc.auto': '0',
  'maintenance.auto': 'false',
  'protocol.allow': 'never',
  'protocol.file.allow': 'always',
  'protocol.https.allow': 'always',
  'protocol.ssh.allow': 'always',
  'push.gpgSign': 'false',
  'push.recurseSubmodules': 'no',
  'safe.bareRepository': 'all',
  'submodule.recurse': 'false',
  'transfer.fsckObjects': 'true',
  // Flaws of old tools that many well-known histories carry and that harm nobody.
  ...Object.fromEntries(
    [
      'badTimezone',
      'missingEmail',
      'missingNameBeforeEmail',
      'missingSpaceBeforeDate',
      'missingSpaceBeforeEmail',
      'missingTaggerEntry',
      'multipleAuthors',
      'zeroPaddedDate',
      'zeroPaddedFilemode',
      'badFilemode',
    ].map((flaw) => [`fetch.fsck.${flaw}`, 'ignore']),
  ),
}

/**
 * Runs git as if the host had no configuration at all: no system or user file, no hooks, no helpers, no prompts, no
 * home. Children are started in a process group of their own, so that a time-out ends ssh and index-pack as well.
 */
export class Git {
  readonly #options: GitOptions

  constructor(options: GitOptions) {
    this.#options = options
  }

  /** Runs git to its end. Throws a coded error for a time-out, a cancellation and every unexpected exit code. */
  async run(request: GitRequest): Promise<GitResult> {
    const result = await this.#collect(request)
    if (result.exitCode === 0 || request.expectedExitCodes?.includes(result.exitCode) === true) return result
    throw explainGitFailure(request.args, result.exitCode, result.stderr)
  }

  /** Standard output as UTF-8 without the final line break. */
  async text(request: GitRequest): Promise<string> {
    return (await this.run(request)).stdout.toString('utf8').replace(/\n$/, '')
  }

  /** Starts a long-lived git that talks over its standard streams. */
  start(request: Pick<GitRequest, 'args' | 'gitDirectory'>) {
    const limits = this.#limits(24 * 3_600_000)
    return spawn('/bin/sh', ['-c', launcher, 'git', ...limits, this.#options.executable, ...request.args], {
      cwd: '/',
      env: this.#environmentOf(request),
      stdio: ['pipe', 'pipe', 'ignore'],
    })
  }

  /** Kilobytes of memory and seconds of CPU, as the launcher takes them. */
  #limits(timeoutMs: number): readonly [string, string] {
    const threads = 16
    return [
      String(Math.floor(this.#options.memoryBytes / 1024)),
      String(Math.ceil((timeoutMs / 1000) * threads)),
    ]
  }

  #environmentOf(request: GitRequest): Record<string, string> {
    const { environment } = this.#options
    const passed = passedVariables.flatMap((name) => {
      const value = environment[name]
      return value === undefined ? [] : [[name, value] as const]
    })
    const configuration: [string, string][] = Object.entries({ ...fixedConfiguration, ...request.config })
    if (request.gitDirectory !== undefined) configuration.push(['safe.directory', request.gitDirectory])
    return {
      ...Object.fromEntries(passed),
      HOME: '/nonexistent',
      XDG_CONFIG_HOME: '/nonexistent',
      LC_ALL: 'C',
      TZ: 'UTC',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_CONFIG_SYSTEM: '/dev/null',
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_ATTR_NOSYSTEM: '1',
      GIT_NO_REPLACE_OBJECTS: '1',
      GIT_OPTIONAL_LOCKS: '0',
      GIT_TERMINAL_PROMPT: '0',
      GIT_ASKPASS: '/bin/false',
      SSH_ASKPASS: '/bin/false',
      SSH_ASKPASS_REQUIRE: 'never',
      GIT_SSH_COMMAND: 'ssh -oBatchMode=yes -oConnectTimeout=15 -oPermitLocalCommand=no',
      GIT_ALLOW_PROTOCOL: 'file:https:ssh',
      GIT_PROTOCOL_FROM_USER: '0',
      GIT_LFS_SKIP_SMUDGE: '1',
      GIT_EDITOR: '/bin/false',
      GIT_PAGER: 'cat',
      // Without a repository of the request's own, git must not find one around the studio's directory either.
      GIT_DIR: request.gitDirectory ?? '/nonexistent',
      ...(request.workTree === undefined ? {} : { GIT_WORK_TREE: request.workTree }),
      ...(request.indexFile === undefined ? {} : { GIT_INDEX_FILE: request.indexFile }),
      GIT_CONFIG_COUNT: String(configuration.length),
      ...Object.fromEntries(
        configuration.flatMap(([key, value], index) => [
          [`GIT_CONFIG_KEY_${index}`, key],
          [`GIT_CONFIG_VALUE_${index}`, value],
        ]),
      ),
      ...request.environment,
    }
  }

  #collect(request: GitRequest): Promise<GitResult> {
    const { signal, timeoutMs = this.#options.timeoutMs } = request
    const maxOutputBytes = request.maxOutputBytes ?? this.#options.maxOutputBytes
    if (signal?.aborted === true) return Promise.reject(repositoryErrors.CANCELLED())
    return new Promise((resolve, reject) => {
      const child = spawn(
        '/bin/sh',
        ['-c', launcher, 'git', ...this.#limits(timeoutMs), this.#options.executable, ...request.args],
        {
          cwd: request.workTree ?? '/',
          env: this.#environmentOf(request),
          stdio: 'pipe',
          detached: true,
        },
      )
      const stdout: Buffer[] = []
      let stdoutBytes = 0
      let stderr = ''
      let failure: Error | undefined
      const stop = (error: Error): void => {
        failure ??= error
        if (child.pid === undefined) return
        try {
          process.kill(-child.pid, 'SIGKILL')
        } catch {
          // The group has ended already.
        }
      }
      const what = `git ${request.args[0] ?? ''}`
      const timer = setTimeout(
        () => stop(repositoryErrors.TIMED_OUT({ detail: `${what} took more than ${timeoutMs / 1000} s` })),
        timeoutMs,
      )
      const onAbort = (): void => stop(repositoryErrors.CANCELLED({ detail: what }))
      signal?.addEventListener('abort', onAbort, { once: true })
      child.stdout.on('data', (chunk: Buffer) => {
        stdoutBytes += chunk.length
        if (stdoutBytes <= maxOutputBytes) stdout.push(chunk)
        else stop(repositoryErrors.TOO_LARGE({ detail: `${what} printed more than ${maxOutputBytes} bytes` }))
      })
      child.stderr.on('data', (chunk: Buffer) => {
        if (stderr.length < 16_384) stderr += chunk.toString('utf8')
      })
      // Git may end without reading all of its input; the exit code says what that means.
      child.stdin.on('error', () => undefined)
      child.stdin.end(request.input)
      child.on('error', (error) => (failure ??= repositoryErrors.GIT_FAILED({ cause: error })))
      child.on('close', (code, killedBy) => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', onAbort)
        if (failure !== undefined) reject(failure)
        else if (code === null)
          reject(explainGitFailure(request.args, 128, `killed by ${killedBy ?? 'a signal'}`))
        else resolve({ exitCode: code, stdout: Buffer.concat(stdout), stderr })
      })
    })
  }
}
