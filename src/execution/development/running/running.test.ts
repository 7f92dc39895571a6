import { existsSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { ScratchWorkbench } from '../../../testing/index.ts'
import { ScratchDeveloper } from '../scratch-developer.ts'
import { readableOutput } from './output.ts'

const failingTest = `import assert from 'node:assert/strict'
import { test } from 'node:test'
import { writeFileSync } from 'node:fs'
import { price } from '../src/price.js'

test('doubles', () => {
  writeFileSync('left-behind.txt', 'x')
  assert.equal(price(2), 4)
})
test('keeps nothing', () => assert.equal(price(0), 0))
`

let workbench: ScratchWorkbench
let developer: ScratchDeveloper

beforeAll(async () => {
  workbench = await ScratchWorkbench.open()
  developer = await ScratchDeveloper.open(workbench, {
    'package.json': JSON.stringify({ name: 'till', type: 'module', scripts: { test: 'node --test' } }),
    '.gitignore': 'dist/\n*.log\n',
    'src/price.js': 'export const price = (amount) => amount * 3\n',
    'src/two words.txt': 'two\n',
    'src/folder/inner.txt': 'inner\n',
    'test/price.test.js': failingTest,
    '.github/workflows/ci.yml': 'on: push\n',
    'logo.png': Uint8Array.of(0x89, 0x50, 0, 1),
  })
})
beforeEach(() => {
  developer.tree = developer.workspace.base.tree
})
afterAll(async () => {
  await developer[Symbol.asyncDispose]()
  await workbench[Symbol.asyncDispose]()
})

const shell = (command: string, more: object = {}) => developer.call('shell.run', { command, ...more })
const paths = async () => (await developer.repository.listFiles(developer.tree)).map(({ path }) => path)

describe('shell.run', () => {
  test('what a command changes makes up the new tree', async () => {
    const { text, changed, exitCode } = await shell(
      `echo hello; echo oops >&2
       sed -i 's/3/2/' src/price.js; mkdir -p new/deep; echo fresh > new/deep/file.txt
       printf '#!/bin/sh\\n' > run.sh; chmod +x run.sh; rm 'src/two words.txt'
       rm -r src/folder; echo now a file > src/folder; exit 3`,
    )
    expect(exitCode).toBe(3)
    expect(text).toMatch(/^Exit status 3 after [\d.]+ s\.\nhello\noops\n/)
    expect(changed).toEqual([
      'new/deep/file.txt',
      'run.sh',
      'src/folder',
      'src/folder/inner.txt',
      'src/price.js',
      'src/two words.txt',
    ])
    expect(text).toContain('src/two words.txt (deleted)')
    expect(await developer.text('src/price.js')).toContain('* 2')
    expect(await developer.text('src/folder')).toBe('now a file\n')
    const files = await developer.repository.listFiles(developer.tree)
    expect(files.find(({ path }) => path === 'run.sh')).toMatchObject({ kind: 'executable' })
    expect(await paths()).not.toContain('src/two words.txt')
  })

  test('a command that changes nothing leaves the tree as it was', async () => {
    const { tree, changed, text } = await shell(
      'cat price.js; touch price.js; mv price.js x; mv x price.js',
      {
        folder: 'src',
      },
    )
    expect({ tree, changed }).toEqual({ tree: developer.workspace.base.tree, changed: [] })
    expect(text).toContain('amount * 3')
  })

  test('ignored files are no part of the change, and stay for the next command', async () => {
    const first = await shell('mkdir -p dist && echo built > dist/out.js && echo log > debug.log')
    expect(first.changed).toEqual([])
    expect(first.text).toMatch(
      /Ignored by git, so not part of the change: (?:debug\.log, dist\/out\.js|dist\/out\.js, debug\.log)/,
    )
    const { text } = await shell('cat dist/out.js')
    expect(text).toContain('built')
  })

  test('sees what other tools have changed since, in a sandbox that is warm or fresh', async () => {
    await developer.call('files.create', { path: 'src/fresh.js', content: 'export const fresh = 1\n' })
    await developer.call('files.delete', { paths: ['src/two words.txt'] })
    await developer.call('files.move', { from: 'logo.png', to: 'assets/logo.png' })
    const command = 'ls src; cat src/fresh.js; ls assets; echo more >> src/fresh.js'
    const { tree } = developer
    const warm = await shell(command)
    expect(warm.text).toContain('fresh.js\nprice.js\nexport const fresh = 1\nlogo.png')
    expect(warm.changed).toEqual(['src/fresh.js'])
    const left = developer.tree
    // As another process would, after a crash.
    await developer.sessions.release(developer.context)
    developer.tree = tree
    const cold = await shell(command)
    expect(cold.changed).toEqual(['src/fresh.js'])
    expect(developer.tree).toBe(left)
    // Files that only the present tree has are gone when a command removes them.
    await shell('rm -r assets src/fresh.js')
    expect(await paths()).not.toContain('assets/logo.png')
  })

  test('goes back with the tree', async () => {
    const { tree } = developer
    await shell('echo one > one.txt; echo changed > src/price.js')
    developer.tree = tree
    const { text } = await shell('ls; cat src/price.js')
    expect(text).not.toContain('one.txt')
    expect(text).toContain('amount * 3')
  })

  test('ends what takes too long, with all that it started', async () => {
    const { text, exitCode } = await shell('echo begun; (sleep 1000 &) ; sleep 1000', { seconds: 1 })
    expect(exitCode).toBeNull()
    expect(text).toMatch(/^Ended after 1 s, the time it was given[^]*begun/)
  })

  test('refuses folders outside of the workspace', async () => {
    await expect(shell('pwd', { folder: '../..' })).rejects.toMatchObject({
      code: 'ATL_DEVELOP_PATH_REFUSED',
    })
  })
})

describe('what commands may not do', () => {
  test('links, binary files and protected files are not taken over, and are undone', async () => {
    const { text, changed } = await shell(
      `ln -s /etc/passwd leak.txt; printf 'a\\0b' > core.bin; echo 'on: issues' > .github/workflows/ci.yml
       ln -sfn /etc src/folder2; echo fine > fine.txt; head -c 3000000 /dev/zero | tr '\\0' a > large.txt`,
    )
    expect(changed).toEqual(['fine.txt'])
    expect(text).toContain('leak.txt is a symbolic link')
    expect(text).toContain('core.bin is not a text file')
    expect(text).toContain('.github/workflows/ci.yml is protected')
    expect(text).toContain('large.txt has 3000000 bytes')
    const after = await shell('ls; cat .github/workflows/ci.yml')
    expect(after.text).not.toContain('leak.txt')
    expect(after.text).toContain('on: push')
    expect(after.text).toContain('fine.txt')
  })

  test("git's own folder cannot be changed, and hooks that are planted anyway are nowhere run", async () => {
    const marker = `${tmpdir()}/atelier-hook-${process.pid}`
    await shell(
      `mkdir -p .git/hooks; printf '#!/bin/sh\\ntouch ${marker}\\n' > .git/hooks/pre-commit; chmod +x .git/hooks/pre-commit
       git config core.fsmonitor 'touch ${marker}'; mkdir -p sub/.git/hooks; echo x > sub/.git/config; echo y > y.txt`,
    )
    expect(existsSync(marker)).toBe(false)
    expect((await paths()).filter((path) => path.includes('.git/'))).toEqual([])
    expect(await developer.text('y.txt')).toBe('y\n')
  })

  test('a flood of output is cut, and a flood of files refused', async () => {
    const flood = await shell('yes 0123456789 | head -c 20000000; echo the end')
    expect(flood.text.length).toBeLessThan(30_000)
    const many = await shell('mkdir many; for i in $(seq 1 700); do echo $i > many/$i.txt; done; echo done')
    expect(many.changed).toEqual([])
    expect(many.text).toMatch(/done\n\nNone of its changes to files was taken over: .*700 files/)
    expect((await shell('ls')).text).not.toContain('many')
  })

  test.skipIf(process.platform !== 'linux')('a bomb of processes ends, and the tools go on', async () => {
    const bomb = await shell('bomb() { bomb | bomb & }; bomb; sleep 2; echo survived', { seconds: 10 })
    expect(bomb.tree).toBe(developer.workspace.base.tree)
    expect((await shell('echo still here')).text).toContain('still here')
  })

  test('nothing is left behind on the host', async () => {
    const changes = () => readdirSync(tmpdir()).filter((name) => name.startsWith('atelier-changes-'))
    const before = changes()
    await shell('echo x > x.txt')
    // Other processes work at the same time, and take away what is theirs, too.
    const left = changes().filter((name) => !before.includes(name))
    await expect.poll(() => changes().filter((name) => left.includes(name))).toEqual([])
  })
})

describe('tests.run', () => {
  test('names failing tests with their messages, and passes when the fault is gone', async () => {
    const red = await developer.call('tests.run', {})
    expect(red).toMatchObject({ outcome: 'failed', counts: { passed: 1, failed: 1, all: 2 } })
    expect(red.failing.map(({ id }) => id)).toEqual(['test/price.test.js > doubles'])
    expect(red.passed).toBeUndefined()
    expect(red.text).toContain('FAILED test/price.test.js > doubles')
    expect(red.text).toContain('6 !== 4')
    await developer.call('files.edit', { path: 'src/price.js', edits: [{ find: '3', replace: '2' }] })
    const green = await developer.call('tests.run', {})
    expect(green).toMatchObject({ outcome: 'passed', failing: [], counts: { passed: 2, failed: 0, all: 2 } })
    expect(green.text).toContain('All tests pass: 2 passed')
    expect(green.tree).toBe(developer.tree)
  })

  test('runs single tests and files', async () => {
    const one = await developer.call('tests.run', { names: ['test/price.test.js > keeps nothing'] })
    expect(one).toMatchObject({ outcome: 'passed', passed: ['test/price.test.js > keeps nothing'] })
    const file = await developer.call('tests.run', { files: ['test/price.test.js'] })
    expect(file.counts.all).toBe(2)
  })

  test('what tests write is gone before the next run, and never in the tree', async () => {
    await developer.call('tests.run', {})
    await developer.call('files.edit', {
      path: 'test/price.test.js',
      edits: [
        {
          find: "  writeFileSync('left-behind.txt', 'x')",
          replace: "  writeFileSync('left-behind.txt', 'x', { flag: 'wx' })",
        },
      ],
    })
    const { text } = await developer.call('tests.run', {})
    expect(text).not.toContain('EEXIST')
    expect((await shell('ls')).text).not.toContain('left-behind')
  })

  test('shows the end of the output when nothing else says what is wrong', async () => {
    await developer.call('files.create', {
      path: 'src/price.js',
      content: 'throw new Error("does not load")\n',
      overwrite: true,
    })
    const { outcome, text, failing, passed } = await developer.call('tests.run', {})
    expect(outcome).not.toBe('passed')
    expect(text).toContain('does not load')
    // Nothing that did not run counts as passed.
    expect(failing.length).toBeGreaterThan(0)
    expect(passed ?? []).toEqual([])
  })
})

test('calls of one run at the same time take turns', async () => {
  const { tree } = developer
  const both = await Promise.all([shell('echo a > a.txt; sleep 0.3'), shell('echo b > b.txt')])
  expect(both.map(({ changed }) => changed)).toEqual([['a.txt'], ['b.txt']])
  expect(both[0].tree).not.toBe(tree)
})

test('a cancelled command is not answered, and its sandbox not used again', async () => {
  const controller = new AbortController()
  const context = { ...developer.context, signal: controller.signal }
  const running = developer.call('shell.run', { command: 'touch begun.txt; sleep 1000' }, context)
  setTimeout(() => controller.abort(new Error('cancelled')), 500)
  await expect(running).rejects.toThrow('cancelled')
  expect((await shell('ls')).text).not.toContain('begun.txt')
})

test('output is shown as a terminal would', () => {
  expect(readableOutput('\u001b[31mred\u001b[0m\r\n10%\r50%\r100%\nbell\u0007\n')).toBe(
    'red\n100%\nbell\ufffd',
  )
  const long = readableOutput('x'.repeat(100_000), 7, 300)
  expect(long).toMatch(/^x{100}\n\[… 99700 characters left out[^]*x{200}\n\[7 more bytes/)
})
