/*
 * Makes a sandbox in the state directory given, starts a command and a long-lived process with the mark given, says so
 * and waits to be killed.
 */
import { silentLogger } from '../../../kernel/index.ts'
import { createNamespaceHost } from './create-host.ts'

const [stateDirectory = '', layer = '', mark = ''] = process.argv.slice(2)
const host = await createNamespaceHost({ stateDirectory, logger: silentLogger })
const sandbox = await host.create({
  runId: 'run_crash',
  layers: [layer],
  readOnlyBinds: [],
  egress: { kind: 'allow-list', hosts: [{ host: 'registry.npmjs.org', port: 443 }] },
  limits: { memoryBytes: 2 ** 29, processes: 64, diskBytes: 2 ** 27, outputBytes: 1024, cpuSeconds: 60 },
})
sandbox.start({ argv: ['sleep', mark], timeoutMs: 600_000 })
void sandbox.run({
  argv: ['sh', '-c', 'setsid -f sleep "$1"; echo "$1" > file; sleep "$1"', 'sh', mark],
  timeoutMs: 600_000,
})
while ((await sandbox.readFile('file')) === null);
console.log('ready')
