import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { Worker } from 'node:worker_threads'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { silentLogger } from '../../../kernel/index.ts'
import { createFixture, type Fixture } from '../sandbox-fixture.ts'
import type { SandboxHost } from '../port.ts'
import { SandboxRecords } from '../records.ts'
import { Cgroup, findCgroupPlace } from './cgroups.ts'
import { NamespaceHost } from './namespace-host.ts'
import { probeSandbox, unusable } from './probe.ts'
import { findPrograms } from './programs.ts'
import { prepareRuntime } from './runtime.ts'

const quick = { timeoutMs: 20_000 }
const isRoot = process.getuid?.() === 0

let fixture: Fixture
let host: SandboxHost
beforeAll(async () => {
  fixture = await createFixture()
  host = await fixture.namespaces()
})
afterAll(() => fixture.remove())

function processesWith(mark: string): number {
  return readdirSync('/proc').filter((name) => {
    try {
      return readFileSync(`/proc/${name}/cmdline`, 'latin1').split('\0').includes(mark)
    } catch {
      return false
    }
  }).length
}

describe('a sandbox of namespaces', () => {
  it('shows an ordinary, small machine of its own', async () => {
    const sandbox = await host.create(fixture.spec())
    const script =
      'id -un; id -u; hostname; pwd; echo $HOME; ls -d /home/*; ls /; getent hosts localhost | head -1'
    const { stdout } = await sandbox.run({ argv: ['sh', '-c', script], ...quick })
    const [user, id, name, directory, home, homes] = stdout.split('\n')
    expect([user, id, name, directory, home, homes]).toEqual([
      'sandbox',
      '1000',
      'sandbox',
      '/workspace',
      '/home/sandbox',
      '/home/sandbox',
    ])
    expect(stdout).toMatch(/localhost/)
    for (const absent of ['boot', 'root', 'mnt', 'srv', 'sys', 'disk', 'layers', 'studio', 'scratch'])
      expect(stdout.split('\n')).not.toContain(absent)
    await sandbox.destroy()
  })

  it('never runs as root of the host', async () => {
    const sandbox = await host.create(fixture.spec())
    const mark = `701.${process.pid}`
    const worker = sandbox.start({ argv: ['sleep', mark], timeoutMs: 60_000 })
    while (processesWith(mark) < 3) await sleep(5)
    const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
    const uids = pids.flatMap((pid) => {
      try {
        if (!readFileSync(`/proc/${pid}/cmdline`, 'latin1').split('\0').includes(mark)) return []
        const status = readFileSync(`/proc/${pid}/status`, 'latin1')
        return /^Uid:\s+(.*)$/m.exec(status)?.[1]?.split('\t') ?? []
      } catch {
        return []
      }
    })
    expect(uids.length).toBeGreaterThanOrEqual(12)
    for (const uid of uids) expect(uid).toBe(isRoot ? '61000' : String(process.getuid?.()))
    worker.kill()
    await sandbox.destroy()
  })

  it('has no capabilities, a filter, and no way to gain rights', async () => {
    const sandbox = await host.create(fixture.spec())
    const { stdout } = await sandbox.run({
      argv: ['grep', '-E', 'Cap|NoNewPrivs|Seccomp:', '/proc/self/status'],
      ...quick,
    })
    for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'])
      expect(stdout).toContain(`${set}:\t0000000000000000`)
    expect(stdout).toContain('NoNewPrivs:\t1')
    expect(stdout).toContain('Seccomp:\t2')
    await sandbox.destroy()
  })

  it('gives its commands one network, so that one can serve another, and none to other sandboxes', async () => {
    const [sandbox, other] = await Promise.all([host.create(fixture.spec()), host.create(fixture.spec())])
    const server =
      'use IO::Socket::INET; my $s = IO::Socket::INET->new(Listen => 5, LocalAddr => "127.0.0.1:4000"); $|=1; print "up\\n"; while (my $c = $s->accept) { print $c "served\\n"; close $c }'
    const client =
      'use IO::Socket::INET; my $s = IO::Socket::INET->new("localhost:4000") or die "$!"; print <$s>'
    const serving = sandbox.start({ argv: ['perl', '-e', server], timeoutMs: 60_000 })
    await once(serving.stdout, 'data')
    expect((await sandbox.run({ argv: ['perl', '-e', client], ...quick })).stdout).toBe('served\n')
    expect((await other.run({ argv: ['perl', '-e', client], ...quick })).stderr).toMatch(/refused/)
    await Promise.all([sandbox.destroy(), other.destroy()])
  })

  it('counts files in memory with the memory of processes', async () => {
    const sandbox = await host.create(fixture.spec({ limits: { memoryBytes: 256 * 1024 * 1024 } }))
    const script =
      'head -c 120000000 /dev/zero > /dev/shm/file; perl -e \'my $m = "x" x 80_000_000; sleep 20\' & perl -e \'my $m = "x" x 80_000_000; sleep 20\''
    const { ended } = await sandbox.run({ argv: ['sh', '-c', script], ...quick })
    expect(ended).toEqual({ kind: 'killed', by: 'memory' })
    await sandbox.destroy()
  })

  it('says that it is gone when its namespaces were ended from outside', async () => {
    const sandbox = await host.create(fixture.spec())
    const record = join(fixture.directory, 'state-0/sandboxes', sandbox.id, 'holder.json')
    const { pid } = JSON.parse(readFileSync(record, 'utf8')) as { pid: number }
    const running = sandbox.run({ argv: ['sleep', '60'], timeoutMs: 60_000 })
    await sleep(200)
    process.kill(pid, 'SIGKILL')
    expect((await running).ended).toEqual({ kind: 'killed', by: 'signal' })
    await expect(sandbox.run({ argv: ['true'], ...quick })).rejects.toMatchObject({
      code: 'ATL_SANDBOX_DESTROYED',
    })
    await sandbox.destroy()
  })

  it('runs the project’s own install scripts, and they are as confined as everything else', async () => {
    const secret = join(fixture.directory, 'npm-secret')
    await writeFile(secret, 'secret')
    const scripts = { postinstall: `cat ${secret} > stolen || echo held > stolen` }
    const layer = await fixture.layer({
      'package.json': JSON.stringify({ name: 'x', version: '1.0.0', scripts }),
    })
    const sandbox = await host.create(fixture.spec({ layers: [layer], limits: { memoryBytes: 2 ** 31 } }))
    const { ended, stderr } = await sandbox.run({
      argv: ['npm', 'install', '--offline', '--no-audit'],
      timeoutMs: 60_000,
    })
    expect(ended, stderr).toEqual({ kind: 'exited', code: 0 })
    expect(Buffer.from((await sandbox.readFile('stolen'))!).toString()).toBe('held\n')
    await sandbox.destroy()
  })
})

describe('a sandbox on the disk', () => {
  it('ends what fills it and leaves nothing behind', async () => {
    const onDisk = await fixture.namespaces('disk')
    const sandbox = await onDisk.create(
      fixture.spec({ layers: [await fixture.layer({ a: '1' })], limits: { diskBytes: 20_000_000 } }),
    )
    const fill = 'while :; do head -c 1000000 /dev/zero >> file; sleep 0.01; done'
    const { ended } = await sandbox.run({ argv: ['sh', '-c', fill], ...quick })
    expect(ended).toEqual({ kind: 'killed', by: 'disk' })
    await sandbox.rollback()
    expect((await sandbox.run({ argv: ['ls'], ...quick })).stdout).toBe('a\n')
    await sandbox.destroy()
    expect(readdirSync(join(fixture.directory, 'state-1/sandboxes'))).toEqual([])
  })
})

describe('control groups', () => {
  it('are found in the unified hierarchy only where they are delegated', async () => {
    const root = join(fixture.directory, 'unified')
    const parent = join(root, 'user.slice/app.slice')
    await mkdir(join(parent, 'own.scope'), { recursive: true })
    await writeFile(join(root, 'cgroup.controllers'), 'cpu memory pids\n')
    await writeFile(join(fixture.directory, 'membership'), '0::/user.slice/app.slice/own.scope\n')
    const find = (): unknown => findCgroupPlace(root, join(fixture.directory, 'membership'))
    expect(find()).toBeNull()
    await writeFile(join(parent, 'cgroup.procs'), '')
    await writeFile(join(parent, 'cgroup.subtree_control'), 'cpu\n')
    expect(find()).toBeNull()
    await writeFile(join(parent, 'cgroup.subtree_control'), 'cpu memory pids\n')
    expect(find()).toEqual({ version: 2, parent })
    expect(findCgroupPlace(join(fixture.directory, 'none'), '/nowhere')).toBeNull()
    const group = await Cgroup.make({ version: 2, parent }, 'atelier-x', { memoryBytes: 1000, processes: 5 })
    await group.addTree(process.pid)
    const files = ['memory.max', 'pids.max', 'cgroup.procs'].map((file) =>
      readFileSync(join(parent, 'atelier-x', file), 'utf8'),
    )
    expect(files.slice(0, 2)).toEqual(['1000', '5'])
    expect(files[2]).not.toBe('')
  })

  it.runIf(findCgroupPlace() !== null)('hold back memory that no other limit sees, and go away', async () => {
    const sandbox = await host.create(
      fixture.spec({ limits: { memoryBytes: 64 * 1024 * 1024, diskBytes: 16 * 1024 * 1024 } }),
    )
    // Sockets full of unread data belong to the kernel: 256 pairs of 2 MiB are half a gigabyte.
    const script =
      'use Socket; sleep 1; my @kept; for (1 .. 4000) { socketpair(my $a, my $b, AF_UNIX, SOCK_STREAM, 0) or last; ' +
      'setsockopt($a, SOL_SOCKET, SO_SNDBUF, 4194304); $a->blocking(0); 1 while syswrite $a, "x" x 65536; push @kept, $a, $b } print scalar @kept'
    const { ended } = await sandbox.run({ argv: ['perl', '-MIO::Handle', '-e', script], ...quick })
    expect(ended).toEqual({ kind: 'killed', by: 'memory' })
    await sandbox.destroy()
    expect(JSON.stringify(readdirSync('/sys/fs/cgroup/memory', { recursive: true }))).not.toContain(
      sandbox.id,
    )
  })
})

describe('a studio in a container, as its first process', () => {
  it.runIf(isRoot)('needs nobody else to reap what it kills', { timeout: 60_000 }, async () => {
    const script = join(import.meta.dirname, 'first-process-worker.ts')
    const container = spawn(
      'unshare',
      [
        ...['--pid', '--fork', '--kill-child', '--mount-proc', '--'],
        ...[process.execPath, '--no-warnings', script, join(fixture.directory, 'first')],
      ],
      { stdio: ['ignore', 'pipe', 'inherit'], timeout: 50_000 },
    )
    const [said] = await Promise.all([text(container.stdout), once(container, 'exit')])
    expect(said).toBe('process 1: true, ended: killed\ngone\n')
  })
})

describe('a studio that dies', () => {
  it('takes all processes along, and the next one removes the files', async () => {
    const stateDirectory = join(fixture.directory, 'crash')
    const mark = `702.${process.pid}`
    const script = join(import.meta.dirname, 'crash-victim.ts')
    const victim = spawn(
      process.execPath,
      ['--no-warnings', script, stateDirectory, await fixture.layer({ a: '' }), mark],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    )
    await once(victim.stdout, 'data')
    expect(processesWith(mark)).toBeGreaterThan(2)
    const successor = await host.create(fixture.spec())
    victim.kill('SIGKILL')
    await once(victim, 'exit')
    for (let round = 0; round < 300 && processesWith(mark) > 0; round += 1) await sleep(10)
    expect(processesWith(mark)).toBe(0)

    const records = await SandboxRecords.open(stateDirectory)
    const runtime = await prepareRuntime(stateDirectory)
    const options = {
      stateDirectory,
      runtime,
      upper: 'tmpfs',
      logger: silentLogger,
      onEgress: () => undefined,
      certificates: null,
      cgroups: findCgroupPlace(),
    } as const
    const next = new NamespaceHost(options, records)
    const living = await next.create(fixture.spec())
    expect(await next.reap()).toBe(1)
    expect(await next.reap()).toBe(0)
    expect(readdirSync(join(stateDirectory, 'sandboxes'))).toEqual([living.id])
    expect((await living.run({ argv: ['echo', 'alive'], ...quick })).stdout).toBe('alive\n')
    expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(stateDirectory)
    await Promise.all([living.destroy(), successor.destroy()])
    expect(readdirSync(join(stateDirectory, 'sandboxes'))).toEqual([])
  })

  it('does not depend on the thread that made a sandbox', async () => {
    const index = pathToFileURL(join(import.meta.dirname, '../index.ts')).href
    const code = `
      const { createNamespaceHost } = await import(${JSON.stringify(index)})
      const { parentPort } = await import('node:worker_threads')
      const log = () => undefined
      const logger = { log, child: () => logger }
      const host = await createNamespaceHost({ stateDirectory: ${JSON.stringify(join(fixture.directory, 'thread'))}, logger })
      const sandbox = await host.create(${JSON.stringify(fixture.spec())})
      void sandbox.run({ argv: ['sleep', '703.${process.pid}'], timeoutMs: 600000 })
      parentPort.postMessage('started')
    `
    const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(code)}`))
    await once(worker, 'message')
    while (processesWith(`703.${process.pid}`) === 0) await sleep(5)
    await worker.terminate()
    // The thread's pipes are closed with it, and that ends its sandboxes; nobody else's.
    for (let round = 0; round < 300 && processesWith(`703.${process.pid}`) > 0; round += 1) await sleep(10)
    expect(processesWith(`703.${process.pid}`)).toBe(0)
  })
})

describe('a machine that cannot isolate', () => {
  it('is told apart from one that can', async () => {
    const probe = await probeSandbox()
    expect(probe).toMatchObject({ usable: true, uid: isRoot ? 61_000 : process.getuid?.() })
  })

  it('is diagnosed, and the error names the ways out', async () => {
    // Inside a sandbox there are no further namespaces, so it serves as such a machine.
    const source = join(import.meta.dirname, '../../../..')
    const sandbox = await host.create(
      fixture.spec({
        readOnlyBinds: [
          { source: join(source, 'src'), target: '/opt/studio/src' },
          { source: join(source, 'node_modules/zod'), target: '/opt/studio/node_modules/zod' },
          { source: process.execPath, target: '/opt/node' },
        ],
        limits: { memoryBytes: 2 ** 31 },
      }),
    )
    const code = `
      import { createNamespaceHost } from '/opt/studio/src/execution/sandbox/index.ts'
      const log = () => undefined
      const logger = { log, child: () => logger }
      await createNamespaceHost({ stateDirectory: '/tmp/state', logger }).catch((error) => console.log(error.code, error.message))
    `
    const argv = ['/opt/node', '--no-warnings', '--input-type=module', '-e', code] as const
    const { stdout, stderr } = await sandbox.run({ argv, timeoutMs: 60_000 })
    expect(stderr).toBe('')
    expect(stdout).toMatch(/^ATL_SANDBOX_NO_NAMESPACES This machine cannot isolate untrusted code/)
    for (const way of ['Docker', 'Podman', 'Kubernetes', '--sandbox none']) expect(stdout).toContain(way)
    await sandbox.destroy()
  })

  it('is told which packages are missing', () => {
    expect(findPrograms(['/nowhere'])).toEqual({ missing: ['bubblewrap', 'util-linux'] })
    const error = unusable({ usable: false, cause: 'a reason', remedies: ['Do this.'] })
    expect(error.message).toContain('a reason. Ways out:\n  - Do this.')
  })
})

describe.runIf(isRoot)('root’s sandboxes', () => {
  it('see layers and tools below directories that nobody else may enter', async () => {
    const closed = await mkdtemp(join(tmpdir(), 'atelier-closed-'))
    await mkdir(join(closed, 'layer'))
    await mkdir(join(closed, 'tools'))
    await writeFile(join(closed, 'layer/file'), 'content', { mode: 0o600 })
    await writeFile(join(closed, 'tools/tool'), '#!/bin/sh\necho tool\n', { mode: 0o755 })
    await chmod(closed, 0o700)
    const readOnlyBinds = [{ source: join(closed, 'tools'), target: '/opt/tools' }]
    const sandbox = await host.create(fixture.spec({ layers: [join(closed, 'layer')], readOnlyBinds }))
    const script = 'cat file; echo more >> file; stat -c %U file; /opt/tools/tool'
    const { stdout } = await sandbox.run({ argv: ['sh', '-c', script], ...quick })
    expect(stdout).toBe('contentsandbox\ntool\n')
    expect(statSync(join(closed, 'layer/file')).uid).toBe(0)
    expect(readFileSync(join(closed, 'layer/file'), 'utf8')).toBe('content')
    await sandbox.destroy()
    await rm(closed, { recursive: true })
  })

  it('see tools that a strict umask made private', async () => {
    const tools = await mkdtemp(join(tmpdir(), 'atelier-private-'))
    await writeFile(join(tools, 'tool'), '#!/bin/sh\necho tool\n', { mode: 0o700 })
    const readOnlyBinds = [{ source: tools, target: '/opt/tools' }]
    const sandbox = await host.create(fixture.spec({ readOnlyBinds }))
    const script = '/opt/tools/tool; echo x >> /opt/tools/tool || echo kept'
    expect((await sandbox.run({ argv: ['sh', '-c', script], ...quick })).stdout).toBe('tool\nkept\n')
    await sandbox.destroy()
    await rm(tools, { recursive: true })
  })

  it('get copies where owners cannot be mapped', async () => {
    const stateDirectory = join(fixture.directory, 'bare')
    const prepared = await prepareRuntime(stateDirectory)
    const runtime = { ...prepared, programs: { ...prepared.programs, perl: null } }
    const options = {
      stateDirectory,
      runtime,
      upper: 'tmpfs',
      logger: silentLogger,
      onEgress: () => undefined,
      certificates: null,
      cgroups: findCgroupPlace(),
    } as const
    const bare = new NamespaceHost(options, await SandboxRecords.open(stateDirectory))
    const layer = await fixture.layer({ 'dir/file': 'content' })
    await chmod(join(layer, 'dir/file'), 0o600)
    const sandbox = await bare.create(fixture.spec({ layers: [layer] }))
    const { stdout } = await sandbox.run({
      argv: ['sh', '-c', 'cat dir/file; echo x >> dir/file; rm -r dir; ls'],
      ...quick,
    })
    expect(stdout).toBe('content')
    expect(existsSync(join(layer, 'dir/file'))).toBe(true)
    const closed = await mkdtemp(join(tmpdir(), 'atelier-closed-'))
    await mkdir(join(closed, 'tools'))
    const readOnlyBinds = [{ source: join(closed, 'tools'), target: '/opt/tools' }]
    await expect(bare.create(fixture.spec({ readOnlyBinds }))).rejects.toMatchObject({
      code: 'ATL_SANDBOX_LAYER_UNREADABLE',
    })
    await rm(closed, { recursive: true })
    await bare.close()
  })
})
