import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, it } from 'vitest'
import { findTree, readProcess } from './process-tree.ts'

it('finds the session and the marked daemons of a process and nothing else', async () => {
  const marker = `ATELIER_TREE_TEST=${String(process.pid)}`
  const script = 'sleep 30 & setsid sleep 30 & echo ready; wait'
  const [name, value] = marker.split('=') as [string, string]
  const child = spawn('/bin/sh', ['-c', script], {
    env: { PATH: '/usr/bin:/bin', [name]: value },
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  await once(child.stdout, 'data')
  const found = findTree({ root: child.pid!, marker })
  for (const { pid } of found) process.kill(pid, 'SIGKILL')
  await once(child, 'exit')
  expect(found.map(({ pid }) => pid)).toContain(child.pid)
  expect(found).toHaveLength(3)
})

it.each([{ root: 0 }, { root: 1 }, { root: -1 }, { root: 2 }, {}])(
  'never takes init for the root of a tree: %j',
  (marks) => {
    expect(findTree(marks)).toEqual([])
  },
)

it('never finds this process or its ancestors, even when asked to', () => {
  const self = readProcess(process.pid)!
  const spared = [self.pid, self.parent, 1]
  for (const root of [self.pid, self.parent, self.session])
    for (const { pid } of findTree({ root })) expect(spared).not.toContain(pid)
})
