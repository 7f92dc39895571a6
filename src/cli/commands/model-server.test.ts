import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { expect, it } from 'vitest'

const cli = path.join(import.meta.dirname, '../../main/cli.ts')

it('serves until it is interrupted, and says where', async () => {
  const options = ['--scenario', 'fixes-appointments', '--fault', '429=1', '--json']
  const child = spawn(process.execPath, [cli, 'model-server', ...options], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let printed = ''
  child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()))
  await expect.poll(() => printed, { timeout: 60_000 }).toMatch(/\}\s*$/)
  const { url } = JSON.parse(printed) as { url: string }
  const body = JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'hello' }] })
  const { status } = await fetch(`${url}/v1/chat/completions`, { method: 'POST', body })
  expect(status).toBe(429)
  child.kill('SIGINT')
  expect(await once(child, 'exit')).toEqual([0, null])
})

it.each([
  [['--fault', '429'], 2],
  [['--fault', 'nonsense=0.5'], 6],
  [['--scenario', 'nowhere.yaml'], 6],
])('refuses %j', async (options, code) => {
  const argv = [cli, 'model-server', '--scenario', 'fixes-appointments', ...options]
  const child = spawn(process.execPath, argv, { stdio: 'ignore' })
  expect(await once(child, 'exit')).toEqual([code, null])
})
