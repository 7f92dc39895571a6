import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readIssue } from './index.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'atelier-issue-'))
})
afterAll(() => rm(folder, { recursive: true }))

const file = async (content: string | Uint8Array) => {
  const path = join(folder, 'issue.md')
  await writeFile(path, content)
  return { kind: 'file', path } as const
}
const coded = (code: string) =>
  expect.objectContaining({ code, remedy: expect.stringMatching(/\.$/) as string }) as Error

describe('readIssue', () => {
  it('splits a Markdown file into title and body', async () => {
    expect(await readIssue(await file('\n# Fix the parser\n\nIt is broken.\r\n'))).toEqual({
      title: 'Fix the parser',
      body: 'It is broken.',
    })
  })

  it('reads standard input', async () => {
    const stream = Readable.from([Buffer.from('Fix caf'), Buffer.from('\u00e9\nnow')])
    expect(await readIssue({ kind: 'stream', stream, name: 'standard input' })).toEqual({
      title: 'Fix café',
      body: 'now',
    })
  })

  it('keeps a long first line whole in the body', async () => {
    const { title, body } = await readIssue({ kind: 'text', text: 'word '.repeat(300) })
    expect(title).toHaveLength(500)
    expect(body).toHaveLength(1499)
  })

  it('understands UTF-16 with a byte order mark', async () => {
    const text = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from('Grüße', 'utf16le')])
    expect((await readIssue(await file(text))).title).toBe('Grüße')
  })

  it.each([
    ['Latin-1', Buffer.from('caf\u00e9', 'latin1')],
    ['a picture', Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 0, 0, 0])],
    ['NULs', Buffer.from('a\0b')],
  ])('refuses %s', async (_, content) => {
    await expect(readIssue(await file(content))).rejects.toThrow(coded('ATL_INTAKE_UNREADABLE'))
  })

  it('refuses a file that is absent, a folder and a device', async () => {
    for (const path of [join(folder, 'absent'), folder, '/dev/zero']) {
      await expect(readIssue({ kind: 'file', path })).rejects.toThrow(coded('ATL_INTAKE_UNREADABLE'))
    }
  })

  it('refuses what has no words', async () => {
    for (const text of ['', ' \n\t', '---\n***', '\u200b']) {
      await expect(readIssue({ kind: 'text', text })).rejects.toThrow(coded('ATL_INTAKE_EMPTY'))
    }
  })

  it('stops reading after a million bytes', async () => {
    let sent = 0
    const endless = Readable.from(
      (function* () {
        for (;;) {
          sent += 65_536
          yield Buffer.alloc(65_536, 'a')
        }
      })(),
    )
    const reading = readIssue({ kind: 'stream', stream: endless, name: 'standard input' })
    await expect(reading).rejects.toThrow(coded('ATL_INTAKE_TOO_LARGE'))
    expect(sent).toBeLessThan(4_000_000)
  })
})
