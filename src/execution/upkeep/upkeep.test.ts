import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { changesBetween } from './changelog.ts'
import { declaredCall, withoutOptions } from './declarations.ts'
import { isWithin } from './kind.ts'
import { checksOf } from './lint-fix.ts'
import {
  findingsOf,
  mismatches,
  movesBetween,
  movesTooFar,
  newestWithin,
  readNpmLock,
  readNpmManifest,
  rewrittenRange,
} from './npm-lock.ts'
import { goesTooFar, pinsOf, withVersions } from './pip-update.ts'
import type { Problem } from './problems.ts'

const problem = (file: string, rule: string): Problem => ({ file, rule, line: 1, message: '', fixable: true })

describe('a lint fix', () => {
  it('is accepted only when problems get fewer, none is new, and only named files change', () => {
    const before = [problem('a.js', 'semi'), problem('a.js', 'eqeqeq'), problem('b.js', 'semi')]
    const holds = (after: readonly Problem[], changed: readonly string[]): boolean[] =>
      checksOf('eslint', { before, after, changed }).map((check) => check.holds)
    expect(holds(before.slice(1), ['a.js'])).toEqual([true, true, true])
    expect(holds(before, ['a.js'])).toEqual([false, true, true])
    // One problem less over all, but another rule in another place is broken.
    expect(holds([problem('b.js', 'eqeqeq')], ['a.js'])).toEqual([true, false, true])
    expect(holds(before.slice(1), ['a.js', 'c.js'])).toEqual([true, true, false])
  })

  it('takes the arguments of the project’s own script', () => {
    const manifest = {
      name: 'a',
      packageManager: undefined,
      scripts: {
        lint: 'run-s lint:*',
        'lint:js': "cross-env A=1 eslint 'src/**/*.js' --fix --format=unix --max-warnings 0",
      },
      dependencies: {},
      devDependencies: {},
    }
    const call = declaredCall({ manifest, listing: [], python: '', packageManager: 'npm' }, 'eslint')
    expect(call.script).toBe('lint')
    const kept = withoutOptions(call.words, { plain: /^--fix$/, withValue: /^(?:--format|--max-warnings)$/ })
    expect(kept).toEqual(["'src/**/*.js'"])
  })

  it('knows what lies within a path', () => {
    expect(isWithin('src/a.js', ['src'])).toBe(true)
    expect(isWithin('src/a.js', ['src/'])).toBe(true)
    expect(isWithin('srcs/a.js', ['src'])).toBe(false)
    expect(isWithin('a.js', [])).toBe(true)
  })
})

describe('a changelog', () => {
  const text = `# Changelog\n\n## [2.1.0] - 2024\n- Fast\n\n## 2.0.1\n- Fixed\n\n## 2.0.0\n- Broken\n`
  it('is read between two versions', () => {
    expect(changesBetween(text, '2.0.0', '2.1.0')).toBe('## [2.1.0] - 2024\n- Fast\n\n## 2.0.1\n- Fixed')
    expect(changesBetween(text, '2.0.0', '2.0.1')).toBe('## 2.0.1\n- Fixed')
    expect(
      changesBetween('2.20.3 / 2019\n=====\n * Old\n\n2.20.2 / 2019\n=====\n * Older\n', '2.20.2', '2.20.3'),
    ).toBe('2.20.3 / 2019\n=====\n * Old')
    expect(changesBetween('nothing here', '1.0.0', '2.0.0')).toBe('')
  })

  it('is cut, and read in time, whatever it says', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 5_000 }), (noise) => {
        expect(changesBetween(`## 1.1.0\n${noise}`, '1.0.0', '1.1.0').length).toBeLessThanOrEqual(4_000)
      }),
      { numRuns: 50 },
    )
  })
})

describe('versions of npm', () => {
  it('are chosen within the level', () => {
    const published = ['1.2.3', '1.2.9', '1.9.0', '2.0.0', '1.2.10-rc.1', '1.10.0-beta.0', 'nonsense']
    expect(newestWithin('patch', '1.2.3', published)).toBe('1.2.9')
    expect(newestWithin('minor', '1.2.3', published)).toBe('1.9.0')
    expect(newestWithin('minor', '0.2.3', ['0.2.4', '0.3.0'])).toBe('0.2.4')
    expect(newestWithin('minor', '2.0.0', published)).toBeNull()
  })

  it('keep the manner of their range', () => {
    expect(rewrittenRange('^1.2.0', '1.9.0')).toBe('^1.2.0')
    expect(rewrittenRange('~1.2.0', '1.9.0')).toBe('~1.9.0')
    expect(rewrittenRange('1.2.3', '1.9.0')).toBe('1.9.0')
    expect(rewrittenRange('>=1 <1.5', '1.9.0')).toBeNull()
    expect(rewrittenRange('latest', '1.9.0')).toBeNull()
  })

  const manifest = readNpmManifest('{"dependencies":{"a":"^1.0.0"}}')
  const lock = (packages: Readonly<Record<string, unknown>>) =>
    readNpmLock(
      JSON.stringify({
        lockfileVersion: 3,
        packages: { '': { dependencies: { a: '^1.0.0' } }, ...packages },
      }),
    )
  const entry = (version: string, more: object = {}) => ({
    version,
    integrity: 'sha512-x',
    license: 'MIT',
    ...more,
  })

  it('are compared between lock files, with what people should know', () => {
    const before = lock({ 'node_modules/a': entry('1.0.0'), 'node_modules/c': entry('1.0.0') })
    const after = lock({
      'node_modules/a': entry('1.1.0', {
        license: 'GPL-3.0-only',
        hasInstallScript: true,
        deprecated: 'use b',
      }),
      'node_modules/b': entry('1.0.0', { resolved: 'https://evil.example/b.tgz' }),
    })
    const moves = movesBetween(before, after, manifest)
    expect(moves.map(({ name, from, to, direct }) => [name, from, to, direct])).toEqual([
      ['a', '1.0.0', '1.1.0', true],
      ['b', null, '1.0.0', false],
      ['c', '1.0.0', null, false],
    ])
    expect(findingsOf(before, after, moves, 'https://mirror.example/').map(({ rule }) => rule)).toEqual([
      'dependencies/install-script',
      'dependencies/licence',
      'dependencies/deprecated',
      'dependencies/source',
    ])
  })

  it('go neither back nor further than asked', () => {
    const tooFar = (level: 'in-range' | 'patch' | 'minor', from: string, to: string): number =>
      movesTooFar(
        level,
        movesBetween(
          lock({ 'node_modules/a': entry(from) }),
          lock({ 'node_modules/a': entry(to) }),
          manifest,
        ),
        new Map([['a', '^1.0.0']]),
      ).length
    expect(tooFar('in-range', '1.0.0', '1.9.0')).toBe(0)
    expect(tooFar('in-range', '1.0.0', '2.0.0')).toBe(1)
    expect(tooFar('patch', '1.0.0', '1.0.9')).toBe(0)
    expect(tooFar('patch', '1.0.0', '1.1.0')).toBe(1)
    expect(tooFar('minor', '1.1.0', '1.0.0')).toBe(1)
  })

  it('are the same in manifest and lock file, or not', () => {
    expect(mismatches(manifest, lock({}))).toEqual([])
    expect(mismatches(readNpmManifest('{"devDependencies":{"a":"^1.0.0"}}'), lock({}))).toEqual(['a', 'a'])
  })
})

describe('pins of requirements', () => {
  const text =
    'a==1.2.3\r\n# b==1.0\nb[x,y] == 2.0 ; python_version > "3"\nc>=1\nd==1.0 --hash=sha256:0\n-r other.txt\n'
  it('are lines that allow one version, without checksums', () => {
    expect(pinsOf('r.txt', text).map(({ name, version, line }) => [name, version, line])).toEqual([
      ['a', '1.2.3', 0],
      ['b', '2.0', 2],
    ])
    expect(
      withVersions(
        text,
        new Map([
          [0, '1.2.4'],
          [2, '2.1'],
        ]),
      ),
    ).toBe(text.replace('1.2.3', '1.2.4').replace('2.0 ;', '2.1 ;'))
  })

  it('survive being written with the versions they have', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...text.split('\n'), 'e==9', '  f==1.0 # g==2'), { maxLength: 20 }),
        (lines) => {
          const whole = lines.join('\n')
          expect(
            withVersions(whole, new Map(pinsOf('r.txt', whole).map(({ line, version }) => [line, version]))),
          ).toBe(whole)
        },
      ),
    )
  })

  it('go neither back nor further than asked', () => {
    expect(goesTooFar('patch', '1.2.3', '1.2.10')).toBe(false)
    expect(goesTooFar('patch', '1.2.3', '1.3.0')).toBe(true)
    expect(goesTooFar('minor', '1.2', '1.3.1')).toBe(false)
    expect(goesTooFar('minor', '1.2', '2.0')).toBe(true)
    expect(goesTooFar('minor', '1.2', '1.1')).toBe(true)
    expect(goesTooFar('minor', '1.2', '1.2.0')).toBe(false)
  })
})
