import { fileURLToPath } from 'node:url'

import type { TestFramework } from '../../../contracts/index.ts'
import type { Sandbox, SandboxSpec } from '../../sandbox/index.ts'

const projectRoot = fileURLToPath(new URL('../../../../', import.meta.url))
const insideRoot = '/opt/atelier/worker'
const nodeInside = '/opt/atelier/worker-node'

/**
 * How the worker of a language gets into a sandbox and is started there. Whatever it is written in, it obeys the
 * requests of `protocol.ts` with its standard input and output.
 */
export interface WorkerBinding {
  /**
   * What a sandbox needs besides the workspace so that workers can run in it: their own modules, all read-only and
   * nothing more of the studio.
   */
  readonly binds: SandboxSpec['readOnlyBinds']
  /** Whether it can watch candidates on other inputs than those of the tests. */
  readonly observes: boolean
  /** The command line; without namespaces nothing is bound, and the studio's own files are used. */
  command(sandbox: Sandbox, directory: string, word: string): readonly [string, ...string[]]
}

const nodeBinding: WorkerBinding = {
  observes: true,
  binds: [
    { source: process.execPath, target: nodeInside },
    bindOf('src/execution/repair'),
    bindOf('node_modules'),
    bindOf('package.json'),
  ],
  command(sandbox, _directory, word) {
    const node = sandbox.isolation === 'none' ? process.execPath : nodeInside
    return [node, ...nodeOptions, pathIn(sandbox, 'src/execution/repair/validation/worker/main.ts'), word]
  },
}

const pythonWorker = 'src/execution/repair/python/worker'

const pythonBinding: WorkerBinding = {
  observes: false,
  binds: [bindOf(pythonWorker)],
  command(sandbox, directory, word) {
    // The project's own environment has its packages; without one the system's Python has all there is.
    const own = sandbox.locate(`/workspace/${directory === '' ? '' : `${directory}/`}.venv/bin/python3`)
    const script = 'own=$1; shift; [ -x "$own" ] || own=python3; exec "$own" -B "$@"'
    return ['/bin/sh', '-c', script, 'sh', own, pathIn(sandbox, `${pythonWorker}/main.py`), word]
  },
}

/** The worker for the tests of a framework. */
export function workerBindingOf(framework: TestFramework): WorkerBinding {
  return framework === 'pytest' || framework === 'unittest' ? pythonBinding : nodeBinding
}

function bindOf(path: string): SandboxSpec['readOnlyBinds'][number] {
  return { source: `${projectRoot}${path}`, target: `${insideRoot}/${path}` }
}

function pathIn(sandbox: Sandbox, path: string): string {
  return sandbox.isolation === 'none' ? `${projectRoot}${path}` : `${insideRoot}/${path}`
}

const nodeOptions = [
  '--max-old-space-size=1024',
  '--no-warnings',
  // Where a pattern would backtrack for ever, V8's linear-time engine takes over if it can run that pattern.
  '--enable-experimental-regexp-engine-on-excessive-backtracks',
]
