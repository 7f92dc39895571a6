/*
 * Makes a sandbox in the state directory given, kills long-lived processes in it, takes the sandbox down and says so. To
 * be run as process 1 of a container, which gets the orphans of all others and reaps none of them.
 */
import { once } from 'node:events'
import { silentLogger } from '../../../kernel/index.ts'
import { createNamespaceHost } from './create-host.ts'

const [stateDirectory = ''] = process.argv.slice(2)
const host = await createNamespaceHost({ stateDirectory, logger: silentLogger })
const sandbox = await host.create({
  runId: 'run_first',
  layers: [],
  readOnlyBinds: [],
  egress: { kind: 'none' },
  limits: { memoryBytes: 2 ** 29, processes: 64, diskBytes: 2 ** 27, outputBytes: 1024, cpuSeconds: 60 },
})
const argv = ['sh', '-c', 'echo begun; exec sleep 600'] as const
const running = Array.from({ length: 12 }, () => sandbox.start({ argv, timeoutMs: 600_000 }))
await Promise.all(running.map(({ stdout }) => once(stdout, 'data')))
for (const one of running) one.kill()
const ended = await Promise.all(running.map(({ exited }) => exited))
console.log(`process 1: ${process.pid === 1}, ended: ${[...new Set(ended.map(({ kind }) => kind))].join()}`)
await host.close()
console.log('gone')
