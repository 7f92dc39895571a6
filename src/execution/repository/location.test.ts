import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { RepositoryHost } from './repository-host.ts'

const folder = mkdtempSync(join(tmpdir(), 'atelier-location-'))
const host = new RepositoryHost({
  stateDirectory: join(folder, 'state'),
  workingDirectory: folder,
  environment: process.env,
})
afterAll(() => {
  host.close()
  rmSync(folder, { recursive: true, force: true })
})

describe('a repository is the same one', () => {
  it('over whatever protocol, and with `.git` or without', async () => {
    const [first, ...others] = await Promise.all(
      [
        'https://git.example.com/shop/till',
        'https://git.example.com/shop/till.git',
        'https://GIT.example.com/shop/till/',
        'https://someone@git.example.com/shop/till.git',
        'ssh://git@git.example.com/shop/till.git',
        'git@git.example.com:shop/till.git',
      ].map((location) => host.identify(location)),
    )
    expect(others).toEqual(others.map(() => first))
    expect(await host.identify('https://git.example.com/shop/vault')).not.toBe(first)
  })

  it('by a symbolic link, by a file address, by its git directory, and in a linked working tree', async () => {
    const git = (...words: string[]): void =>
      void execFileSync('git', words, { cwd: folder, stdio: 'ignore' })
    git('init', 'till')
    const author = ['-c', 'user.name=t', '-c', 'user.email=t@example.com']
    git('-C', 'till', ...author, 'commit', '--allow-empty', '-m', 'Begin')
    git('-C', 'till', 'worktree', 'add', '../beside')
    symlinkSync(join(folder, 'till'), join(folder, 'link'))
    const [first, ...others] = await Promise.all(
      ['till', 'link', join(folder, 'till/'), `file://${folder}/till`, 'till/.git', 'beside'].map(
        (location) => host.identify(location),
      ),
    )
    expect(others).toEqual(others.map(() => first))
  })

  it('as it is written, where nothing is found', async () => {
    expect(await host.identify('/nowhere/at/all ')).toBe('/nowhere/at/all')
    expect(await host.identify('-u evil')).toBe('-u evil')
  })
})
