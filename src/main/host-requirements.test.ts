import { expect, it } from 'vitest'
import { ensureHostPrograms, installationCommand, missingHostPrograms } from './host-requirements.ts'

const absent = { program: 'no-such-program', package: 'no-such-package', purpose: 'does not exist' }

it('finds what is there, also when PATH does not lead to it', () => {
  expect(missingHostPrograms([{ ...absent, program: 'sh' }], '')).toEqual([])
  expect(missingHostPrograms([absent])).toEqual([absent])
})

it('does nothing where nothing is missing', async () => {
  const lines: string[] = []
  await ensureHostPrograms((line) => lines.push(line), [{ ...absent, program: 'sh' }])
  expect(lines).toEqual([])
})

it('names the exact command', () => {
  const command = installationCommand([absent, { ...absent, package: 'another' }])
  expect(command).toMatch(/install.* no-such-package another$|add no-such-package another$/)
  expect(command.startsWith('sudo ')).toBe(process.getuid?.() !== 0)
})

it.skipIf(process.getuid?.() === 0)('tells an ordinary user what to do in one message', async () => {
  await expect(ensureHostPrograms(() => undefined, [absent])).rejects.toMatchObject({
    code: 'ATL_HOST_PROGRAMS_MISSING',
    message: expect.stringContaining(installationCommand([absent])) as unknown,
  })
})
