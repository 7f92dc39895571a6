import { execFile, spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const execute = promisify(execFile)
const root = path.join(import.meta.dirname, '../../..')

let directory: string

beforeAll(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'atelier-completion-'))
  chmodSync(directory, 0o755)
  symlinkSync(path.join(root, 'bin/atelier'), path.join(directory, 'atelier'))
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

function environment(): NodeJS.ProcessEnv {
  const home = path.join(directory, 'home')
  return { PATH: `${directory}:${process.env['PATH'] ?? ''}`, HOME: home, XDG_CONFIG_HOME: home }
}

async function run(program: string, ...args: readonly string[]): Promise<string> {
  return (await execute(program, args, { env: environment(), cwd: directory })).stdout
}

async function offered(...words: readonly string[]): Promise<readonly string[]> {
  const text = await run(path.join(directory, 'atelier'), 'complete', '--', ...words)
  return text.split('\n').flatMap((line) => (line === '' ? [] : [line.split('\t')[0] ?? '']))
}

describe('what fits at the cursor', { timeout: 120_000 }, () => {
  it.each<readonly [readonly string[], readonly string[]]>([
    [['ru'], ['runs']],
    [
      ['evidence', ''],
      ['export', 'verify', 'help'],
    ],
    [
      ['--json', '--sandbox', ''],
      ['namespaces', 'none'],
    ],
    [
      ['deps', '--package', 'left-pad', '--level', ''],
      ['in-range', 'patch', 'minor'],
    ],
    [
      ['fix', ''],
      ['lint', 'format'],
    ],
    [['solve', '--no-w'], ['--no-wait']],
    [['runs', '--ser'], ['--server']],
    [['show', ''], ['latest']],
    // A file, which the shell knows.
    [['solve', '--issue', ''], []],
    [['show', 'latest', ''], []],
    [['nonsense', 'more', '--'], expect.arrayContaining(['--json']) as string[]],
  ])('%j', async (words, expected) => {
    expect(await offered(...words)).toEqual(expected)
  })

  it('is asked quickly by a studio that does not answer, and says nothing of that', async () => {
    expect(await offered('--server', 'http://127.0.0.1:9', 'show', '')).toEqual(['latest'])
  })
})

const isThere = (shell: string): boolean => spawnSync(shell, ['-c', 'true']).status === 0

describe('in real shells', { timeout: 120_000 }, () => {
  it.skipIf(!isThere('bash'))('bash', async () => {
    const script = [
      'source <(atelier completion bash)',
      'complete -p atelier',
      'COMP_WORDS=(atelier deps --level "") COMP_CWORD=3',
      '_atelier',
      'printf "%s\\n" "${COMPREPLY[@]}"',
    ].join('\n')
    expect(await run('bash', '--norc', '-c', script)).toBe(
      'complete -o default -F _atelier atelier\nin-range\npatch\nminor\n',
    )
  })

  it.skipIf(!isThere('fish'))('fish', async () => {
    const script = 'atelier completion fish | source; complete --do-complete "atelier deps --level "'
    expect(await run('fish', '--no-config', '-c', script)).toBe('in-range\nminor\npatch\n')
  })

  it.skipIf(!isThere('zsh'))('zsh', async () => {
    const script = [
      'autoload -U compinit; compinit -u -D',
      'source <(atelier completion zsh)',
      'function _describe { print -l -- "${(@P)2}" }',
      'words=(atelier deps --level "") CURRENT=4',
      '_atelier',
    ].join('\n')
    expect(await run('zsh', '-f', '-c', script)).toBe('in-range:\npatch:\nminor:\n')
  })
})
