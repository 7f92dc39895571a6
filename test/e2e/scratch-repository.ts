import { execFileSync } from 'node:child_process'
import { cpSync } from 'node:fs'
import path from 'node:path'
import { packageRoot } from './atelier-process.ts'

/** Runs git in a repository, whatever the person who runs the tests has configured, and returns what it prints. */
export function git(root: string, ...args: readonly string[]): string {
  const identity = ['-c', 'user.name=T', '-c', 'user.email=t@example.org']
  const env = { ...process.env, GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null' }
  return execFileSync('git', ['-C', root, ...identity, ...args], { encoding: 'utf8', env })
}

/** Makes a repository of a folder, with one commit that holds all its files; returns the folder. */
export function committed(root: string): string {
  git(root, 'init', '--quiet', '--initial-branch=main')
  git(root, 'add', '--all')
  git(root, 'commit', '--quiet', '--message', 'Begin')
  return root
}

/** A repository at `root` with the files of a project that comes with the studio, changed as a case wants it. */
export function scratchRepository(
  project: 'examples/appointments' | 'test/fixtures/till',
  root: string,
  change: (root: string) => void = () => undefined,
): string {
  cpSync(path.join(packageRoot, project), root, { recursive: true })
  change(root)
  return committed(root)
}
