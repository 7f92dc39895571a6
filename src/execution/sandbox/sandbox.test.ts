import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { chmod, lstat, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Sandbox, SandboxHost } from './port.ts'
import { createFixture, type Fixture, type Tree } from './sandbox-fixture.ts'

const kinds = ['namespaces', 'unconfined'] as const
const quick = { timeoutMs: 20_000 }

let fixture: Fixture
beforeAll(async () => {
  fixture = await createFixture()
})
afterAll(() => fixture.remove())

/** Whether any process of this machine has the mark among its arguments. */
function isRunning(mark: string): boolean {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .some((name) => {
      try {
        return readFileSync(`/proc/${name}/cmdline`, 'latin1').split('\0').includes(mark)
      } catch {
        return false
      }
    })
}

let marks = 0
/** A duration for sleep(1) by which its process can be found. */
const newMark = (): string => `${600 + (marks += 1)}.${process.pid}`

describe.each(kinds)('a sandbox (%s)', (kind) => {
  let host: SandboxHost
  beforeAll(async () => {
    host = await fixture[kind]()
  })

  /** Makes a sandbox with one layer, hands it over, and removes it. */
  async function within(
    tree: Tree,
    use: (sandbox: Sandbox) => Promise<void>,
    limits: Parameters<Fixture['spec']>[0] = {},
  ): Promise<void> {
    const sandbox = await host.create(fixture.spec({ layers: [await fixture.layer(tree)], ...limits }))
    try {
      await use(sandbox)
    } finally {
      await sandbox.destroy()
    }
  }
  const sh = (script: string, ...args: string[]): [string, ...string[]] => ['sh', '-c', script, 'sh', ...args]

  it('runs a program with its arguments, input, directory and variables and nothing else', () =>
    within({ 'sub/file': 'x' }, async (sandbox) => {
      const argv = sh(
        'cat; pwd; echo "$1"; echo "$GIVEN"; echo "${USER:-}${HOSTNAME_LEAK:-}$SECRET" >&2; exit 7',
        'a b',
      )
      process.env['SECRET'] = 'leaked'
      const result = await sandbox.run({
        argv,
        cwd: '/workspace/sub',
        env: { GIVEN: 'given' },
        stdin: 'input\n',
        ...quick,
      })
      delete process.env['SECRET']
      expect(result.ended).toEqual({ kind: 'exited', code: 7 })
      expect(result.stdout).toBe(`input\n${sandbox.locate('/workspace/sub')}\na b\ngiven\n`)
      expect(result.stderr).toBe('\n')
      expect(result.discardedBytes).toBe(0)
      expect(result.durationMs).toBeGreaterThan(0)
    }))

  it('keeps what commands write for the commands that follow', () =>
    within({ a: 'from the layer' }, async (sandbox) => {
      await sandbox.run({ argv: sh('echo more >> a; mkdir d; echo b > d/b'), ...quick })
      const { stdout } = await sandbox.run({ argv: sh('cat a d/b'), ...quick })
      expect(stdout).toBe('from the layermore\nb\n')
    }))

  it('cuts endless output and still ends the program at its time-out', () =>
    within({}, async (sandbox) => {
      let live = 0
      const onOutput = (_stream: string, chunk: Uint8Array): void => void (live += chunk.length)
      const result = await sandbox.run({ argv: ['yes'], timeoutMs: 700, onOutput })
      expect(result.ended).toEqual({ kind: 'killed', by: 'timeout' })
      expect(result.stdout).toHaveLength(1024 * 1024)
      expect(live).toBe(1024 * 1024)
      expect(result.discardedBytes).toBeGreaterThan(1024 * 1024)
    }))

  it('takes a hundred megabytes of binary output on both streams', () =>
    within({}, async (sandbox) => {
      const argv = sh('head -c 60000000 /dev/urandom; head -c 60000000 /dev/urandom >&2')
      const result = await sandbox.run({ argv, ...quick })
      expect(result.ended).toEqual({ kind: 'exited', code: 0 })
      expect(result.discardedBytes).toBe(120_000_000 - 2 * 1024 * 1024)
    }))

  it('ends what a program leaves behind, daemons that called setsid and ignore signals included', () =>
    within({}, async (sandbox) => {
      const mark = newMark()
      const argv = sh(
        'trap "" TERM HUP INT; setsid -f sleep "$1"; nohup sleep "$1" >/dev/null 2>&1 & sleep 0.2; echo done',
        mark,
      )
      const { stdout } = await sandbox.run({ argv, ...quick })
      expect(stdout).toBe('done\n')
      for (let round = 0; round < 1000 && isRunning(mark); round += 1) await sleep(10)
      expect(isRunning(mark)).toBe(false)
    }))

  it('ends a command at once when it is cancelled, also before it began', () =>
    within({}, async (sandbox) => {
      const mark = newMark()
      const running = sandbox.run({
        argv: ['sleep', mark],
        signal: AbortSignal.timeout(300),
        timeoutMs: 60_000,
      })
      expect((await running).ended).toEqual({ kind: 'killed', by: 'cancelled' })
      expect(isRunning(mark)).toBe(false)
      const never = await sandbox.run({
        argv: ['sleep', mark],
        signal: AbortSignal.abort(),
        timeoutMs: 60_000,
      })
      expect(never.ended).toEqual({ kind: 'killed', by: 'cancelled' })
      expect(isRunning(mark)).toBe(false)
    }))

  it('names the CPU limit and other signals as causes', () =>
    within(
      {},
      async (sandbox) => {
        const busy = await sandbox.run({ argv: sh('while :; do :; done'), ...quick })
        expect(busy.ended).toEqual({ kind: 'killed', by: 'cpu' })
        const crashed = await sandbox.run({ argv: sh('kill -SEGV $$'), ...quick })
        expect(crashed.ended).toEqual({ kind: 'killed', by: 'signal' })
      },
      { limits: { cpuSeconds: 1 } },
    ))

  it('ends processes that together use more memory than the limit', () =>
    within(
      {},
      async (sandbox) => {
        const one = 'my $m = "x" x 60_000_000; sleep 30'
        const script = 'for i in 1 2 3 4 5 6; do perl -e "$1" & done; wait'
        const result = await sandbox.run({ argv: sh(script, one), ...quick })
        expect(result.ended).toEqual({ kind: 'killed', by: 'memory' })
      },
      { limits: { memoryBytes: 200 * 1024 * 1024 } },
    ))

  it('talks with a long-lived process and ends it', () =>
    within({}, async (sandbox) => {
      const mark = newMark()
      const worker = sandbox.start({
        argv: sh('while read line; do echo "got $line"; done; sleep "$1"', mark),
        timeoutMs: 60_000,
      })
      worker.stdin.write('one\n')
      const answer = await new Promise<string>((resolve) =>
        worker.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString())),
      )
      expect(answer).toBe('got one\n')
      worker.kill()
      expect(await worker.exited).toEqual({ kind: 'killed', by: 'cancelled' })
      const short = sandbox.start({ argv: ['sleep', mark], timeoutMs: 200 })
      expect(await short.exited).toEqual({ kind: 'killed', by: 'timeout' })
      expect(isRunning(mark)).toBe(false)
    }))

  it('refuses commands that cannot be run, with a code', () =>
    within({}, async (sandbox) => {
      const code = (argv: [string, ...string[]], cwd?: string): Promise<unknown> =>
        sandbox.run({ argv, ...quick, ...(cwd === undefined ? {} : { cwd }) }).then(
          () => null,
          (error: unknown) => (error as { code?: string }).code,
        )
      expect(await code(['echo', 'a\0b'])).toBe('ATL_SANDBOX_BAD_COMMAND')
      expect(await code([''])).toBe('ATL_SANDBOX_BAD_COMMAND')
      expect(await code(['no-such-program'])).toBe('ATL_SANDBOX_PROGRAM_NOT_FOUND')
      expect(await code(['./no-such-program'])).toBe('ATL_SANDBOX_PROGRAM_NOT_FOUND')
      expect(await code(['true'], '/workspace/nowhere')).toBe('ATL_SANDBOX_BAD_COMMAND')
      expect(await code(['true'], '/no/such/place')).toBe('ATL_SANDBOX_BAD_COMMAND')
    }))

  it('reads and writes files, also binary ones and in new directories', () =>
    within({ a: 'text' }, async (sandbox) => {
      const bytes = Uint8Array.from({ length: 100_000 }, (_, index) => index % 256)
      await sandbox.writeFile('/workspace/new/dir/b', bytes)
      await sandbox.writeFile('c', 'relative to the workspace')
      expect(Buffer.compare((await sandbox.readFile('new/dir/b'))!, bytes)).toBe(0)
      expect(Buffer.from((await sandbox.readFile('/workspace/c'))!).toString()).toBe(
        'relative to the workspace',
      )
      expect(await sandbox.readFile('absent')).toBeNull()
      expect(await sandbox.readFile('new')).toBeNull()
      expect(await sandbox.readFile('a/below-a-file')).toBeNull()
      await sandbox.run({ argv: ['mkfifo', 'pipe'], ...quick })
      expect(await sandbox.readFile('pipe')).toBeNull()
    }))

  it('does not follow links of the repository out of the sandbox', async () => {
    const secret = join(fixture.directory, `secret-${kind}`)
    await mkdir(secret)
    await writeFile(join(secret, 'key'), 'secret')
    await within({ file: { pointsTo: join(secret, 'key') }, dir: { pointsTo: secret } }, async (sandbox) => {
      expect(await sandbox.readFile('file')).toBeNull()
      expect(await sandbox.readFile('dir/key')).toBeNull()
      const isOutside = sandbox.isolation === 'none'
      const writing = sandbox.writeFile('dir/planted', 'x')
      if (isOutside) await expect(writing).rejects.toMatchObject({ code: 'ATL_SANDBOX_FILE_FAILED' })
      else await writing.catch(() => undefined)
      expect(readdirSync(secret)).toEqual(['key'])
      const target = join(fixture.directory, `frozen-${kind}`)
      await sandbox.freeze(target, ['dir/key', 'file'])
      expect(existsSync(join(target, 'dir'))).toBe(false)
    })
  })

  it('drops set-user-id bits, pipes and sockets from frozen layers', () =>
    within({}, async (sandbox) => {
      await sandbox.run({
        argv: sh('cp /usr/bin/id id; chmod 4755 id; mkfifo pipe; mkdir -m 2777 dir; touch dir/x'),
        ...quick,
      })
      const layer = await sandbox.freeze(join(fixture.directory, `bits-${kind}`))
      expect(readdirSync(layer).sort()).toEqual(['dir', 'id'])
      expect((await lstat(join(layer, 'id'))).mode & 0o7777).toBe(0o755)
      expect((await lstat(join(layer, 'dir'))).mode & 0o7000).toBe(0)
    }))

  it('shows binds where `locate` says, read-only where that can be had', async () => {
    const tools = join(fixture.directory, `tools-${kind}`)
    await mkdir(tools)
    await writeFile(join(tools, 'hello'), '#!/bin/sh\necho hello from "$0"\n')
    await chmod(join(tools, 'hello'), 0o755)
    await within(
      {},
      async (sandbox) => {
        const env = { PATH: '/opt/tools:/usr/bin:/bin' }
        const { stdout } = await sandbox.run({ argv: ['hello'], env, ...quick })
        expect(stdout).toBe(`hello from ${sandbox.locate('/opt/tools/hello')}\n`)
      },
      { readOnlyBinds: [{ source: tools, target: '/opt/tools' }] },
    )
  })

  it('refuses impossible specifications and missing layers', async () => {
    const create = (spec: Parameters<Fixture['spec']>[0]): Promise<unknown> => host.create(fixture.spec(spec))
    const bind = (target: string): Parameters<Fixture['spec']>[0] => ({
      readOnlyBinds: [{ source: '/usr', target }],
    })
    await expect(create({ limits: { processes: 0 } })).rejects.toMatchObject({ code: 'ATL_SANDBOX_BAD_SPEC' })
    for (const target of ['relative', '/', '/proc/x', '/workspace/x', '/etc'])
      await expect(create(bind(target)), target).rejects.toMatchObject({ code: 'ATL_SANDBOX_BAD_SPEC' })
    await expect(create({ layers: ['/no/such/layer'] })).rejects.toMatchObject({
      code: 'ATL_SANDBOX_LAYER_MISSING',
    })
  })

  it('refuses to freeze or roll back under a running process, and everything once destroyed', () =>
    within({}, async (sandbox) => {
      const worker = sandbox.start({ argv: ['sleep', '60'], timeoutMs: 60_000 })
      await expect(sandbox.rollback()).rejects.toMatchObject({ code: 'ATL_SANDBOX_BUSY' })
      await expect(sandbox.freeze(join(fixture.directory, 'busy'))).rejects.toMatchObject({
        code: 'ATL_SANDBOX_BUSY',
      })
      await Promise.all([sandbox.destroy(), sandbox.destroy()])
      expect(await worker.exited).toEqual({ kind: 'killed', by: 'cancelled' })
      const destroyed = { code: 'ATL_SANDBOX_DESTROYED' }
      await expect(sandbox.run({ argv: ['true'], ...quick })).rejects.toMatchObject(destroyed)
      await expect(sandbox.readFile('x')).rejects.toMatchObject(destroyed)
      await expect(sandbox.rollback()).rejects.toMatchObject(destroyed)
    }))

  it('runs many commands of many sandboxes at once', async () => {
    const layer = await fixture.layer({ shared: 'original' })
    const results = await Promise.all(
      Array.from({ length: 4 }, async (_, number) => {
        const sandbox = await host.create(fixture.spec({ layers: [layer] }))
        const echo = (text: string): Promise<{ stdout: string }> =>
          sandbox.run({ argv: sh('cat shared; echo "$1" >> shared; echo "$1"', text), ...quick })
        const first = await echo(`mine ${number}`)
        const more = await Promise.all(
          [1, 2, 3].map(() => sandbox.run({ argv: ['cat', 'shared'], ...quick })),
        )
        await sandbox.destroy()
        return [first.stdout, ...more.map(({ stdout }) => stdout)]
      }),
    )
    results.forEach((outputs, number) => {
      expect(outputs[0]).toBe(`originalmine ${number}\n`)
      for (const output of outputs.slice(1)) expect(output).toBe(`originalmine ${number}\n`)
    })
    // What one sandbox does to a layer it shares, a poisoned cache for example, no other one sees.
    expect(readFileSync(join(layer, 'shared'), 'utf8')).toBe('original')
  })

  it('leaves other commands of the sandbox alone when one ends', () =>
    within({}, async (sandbox) => {
      const long = sandbox.run({ argv: sh('sleep 1; echo done'), ...quick })
      for (let count = 0; count < 5; count += 1) await sandbox.run({ argv: ['true'], ...quick })
      expect(await long).toMatchObject({ stdout: 'done\n', ended: { kind: 'exited', code: 0 } })
    }))

  it('runs nothing that the workspace configures when the studio reads or freezes it', () =>
    within({}, async (sandbox) => {
      const config = '[core]\n\tfsmonitor = "touch /tmp/executed-%s"\n[diff]\n\texternal = touch\n'
      await sandbox.writeFile('.git/config', config.replace('%s', kind)).catch(() => undefined)
      await sandbox.writeFile('.npmrc', `script-shell=/tmp/executed-${kind}`)
      await sandbox.readFile('.git/config')
      await sandbox.freeze(join(fixture.directory, `configured-${kind}`))
      expect(existsSync(`/tmp/executed-${kind}`)).toBe(false)
    }))

  it('leaves no file behind', async () => {
    const before = probes()
    await within({ a: 'x' }, async (sandbox) => {
      await sandbox.run({
        argv: sh('mkdir -p closed/inner; touch closed/inner/f; chmod 000 closed/inner closed'),
        ...quick,
      })
    })
    const states = readdirSync(fixture.directory).filter((name) => name.startsWith('state-'))
    expect(states.flatMap((state) => readdirSync(join(fixture.directory, state, 'sandboxes')))).toEqual([])
    // Other processes probe at the same time, and take away what is theirs, too.
    const left = probes().filter((name) => !before.includes(name))
    await expect.poll(() => probes().filter((name) => left.includes(name))).toEqual([])
  })
})

function probes(): readonly string[] {
  return readdirSync('/tmp').filter((name) => name.startsWith('atelier-probe'))
}
