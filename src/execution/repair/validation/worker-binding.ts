import { fileURLToPath } from 'node:url'

import type { Sandbox, SandboxSpec } from '../../sandbox/index.ts'

const projectRoot = fileURLToPath(new URL('../../../../', import.meta.url))
const insideRoot = '/opt/atelier/worker'
const nodeInside = '/opt/atelier/worker-node'
const entry = 'src/execution/repair/validation/worker/main.ts'

/**
 * What a sandbox needs besides the workspace so that workers can run in it: this Node, the worker's own modules and
 * their libraries, all read-only and nothing more of the studio.
 */
export const workerBinds: SandboxSpec['readOnlyBinds'] = [
  { source: process.execPath, target: nodeInside },
  { source: `${projectRoot}src/execution/repair`, target: `${insideRoot}/src/execution/repair` },
  { source: `${projectRoot}node_modules`, target: `${insideRoot}/node_modules` },
  { source: `${projectRoot}package.json`, target: `${insideRoot}/package.json` },
]

/** The command line of a worker; without namespaces nothing is bound, and the studio's own files are used. */
export function workerCommand(sandbox: Sandbox, word: string): readonly [string, ...string[]] {
  const [node, root] =
    sandbox.isolation === 'none' ? [process.execPath, projectRoot] : [nodeInside, `${insideRoot}/`]
  return [node, ...nodeOptions, `${root}${entry}`, word]
}

const nodeOptions = [
  '--max-old-space-size=1024',
  '--no-warnings',
  // Where a pattern would backtrack for ever, V8's linear-time engine takes over if it can run that pattern.
  '--enable-experimental-regexp-engine-on-excessive-backtracks',
]
