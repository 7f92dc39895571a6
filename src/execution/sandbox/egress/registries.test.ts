import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createFixture, type Fixture } from '../sandbox-fixture.ts'
import type { SandboxHost } from '../port.ts'

let fixture: Fixture
let host: SandboxHost
beforeAll(async () => {
  fixture = await createFixture()
  host = await fixture.namespaces()
})
afterAll(() => fixture.remove())

const quick = { timeoutMs: 60_000 }

it('installs a package from the registry and reaches nothing else', async () => {
  const layer = await fixture.layer({ 'package.json': '{"name":"x","version":"1.0.0"}' })
  const hosts = [{ host: 'registry.npmjs.org', port: 443, allowPrivate: true }]
  const sandbox = await host.create(
    fixture.spec({
      layers: [layer],
      egress: { kind: 'allow-list', hosts },
      limits: { memoryBytes: 2 ** 31 },
    }),
  )
  const install = ['npm', 'install', 'is-number@7.0.0', '--no-audit', '--no-fund'] as const
  const { ended, stderr } = await sandbox.run({ argv: install, ...quick })
  expect(ended, stderr).toEqual({ kind: 'exited', code: 0 })
  expect(await sandbox.readFile('node_modules/is-number/package.json')).not.toBeNull()
  const elsewhere = [
    'npm',
    'view',
    'is-number',
    '--registry=https://registry.yarnpkg.com',
    '--fetch-retries=0',
  ] as const
  const refused = await sandbox.run({ argv: elsewhere, ...quick })
  expect(refused.ended).not.toEqual({ kind: 'exited', code: 0 })
  expect(fixture.decisions).toContainEqual(
    expect.objectContaining({ host: 'registry.npmjs.org', port: 443, allowed: true }),
  )
  expect(fixture.decisions).toContainEqual(
    expect.objectContaining({
      host: 'registry.yarnpkg.com',
      allowed: false,
      reason: 'not-on-the-allow-list',
    }),
  )
  await sandbox.destroy()
})

it('shows the proxy’s socket to the forwarder alone, and no way around it', async () => {
  let requests = 0
  const web = createServer((_message, response) => {
    requests += 1
    response.end('from the host')
  })
  web.listen(0, '127.0.0.1')
  await once(web, 'listening')
  const { port } = web.address() as AddressInfo
  const hosts = [{ host: '127.0.0.1', port, allowPrivate: true }]
  const sandbox = await host.create(fixture.spec({ egress: { kind: 'allow-list', hosts } }))
  const client =
    'use IO::Socket::INET; my $s = IO::Socket::INET->new($ARGV[0]) or die "$!"; print $s "GET http://127.0.0.1:$ARGV[1]/ HTTP/1.0\\r\\n\\r\\n"; print <$s>'
  const ask = (address: string): Promise<{ stdout: string; stderr: string }> =>
    sandbox.run({ argv: ['perl', '-e', client, address, String(port)], ...quick })
  expect((await ask(`127.0.0.1:${port}`)).stderr).toContain('refused')
  expect(requests).toBe(0)
  const { stdout: proxy } = await sandbox.run({ argv: ['sh', '-c', 'echo ${http_proxy#http://}'], ...quick })
  expect((await ask(proxy.trim())).stdout).toContain('from the host')
  const { stdout: found } = await sandbox.run({
    argv: ['sh', '-c', 'find / -name "*.sock" -not -path "/proc/*" 2>/dev/null; ls -A /opt/atelier'],
    ...quick,
  })
  expect(found).not.toContain('proxy.sock')
  // The forwarder cannot be seen, and so not be ended, by what it serves.
  const { stdout: processes } = await sandbox.run({
    argv: ['sh', '-c', 'cat /proc/[0-9]*/cmdline | tr "\\0" " "'],
    ...quick,
  })
  expect(processes).not.toContain('forwarder')
  await sandbox.destroy()
  web.close()
})
