import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { displayText } from '../../kernel/index.ts'
import { intakeErrors } from './errors.ts'

/** Where an issue comes from. A stream is read to its end, for example standard input. */
export type IssueSource =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'stream'; readonly stream: Readable; readonly name: string }

export interface IssueText {
  /** One line of at most 500 characters. */
  readonly title: string
  readonly body: string
}

const maxBytes = 1_000_000
const maxTitle = 500

/**
 * Reads an issue as text and splits it into title and body. UTF-8 is expected; UTF-16 is understood when a byte order
 * mark says so. Throws `ATL_INTAKE_UNREADABLE` for anything else and for what this user cannot open,
 * `ATL_INTAKE_EMPTY` and `ATL_INTAKE_TOO_LARGE`.
 */
export async function readIssue(source: IssueSource): Promise<IssueText> {
  switch (source.kind) {
    case 'text':
      return splitIssue(source.text)
    case 'stream':
      return splitIssue(decode(await readAll(source.stream, source.name), source.name))
    case 'file':
      await assertFile(source.path)
      return splitIssue(decode(await readAll(createReadStream(source.path), source.path), source.path))
  }
}

/** The first heading or line that says something is the title, and the rest is the body. */
function splitIssue(text: string): IssueText {
  if (Buffer.byteLength(text) > maxBytes) throw intakeErrors.TOO_LARGE()
  const lines = displayText(text).split('\n')
  const first = lines.findIndex((line) => /[\p{L}\p{N}]/u.test(line))
  if (first < 0) throw intakeErrors.EMPTY()
  const line = (lines[first] ?? '').trim()
  const title = line.replace(/^#{1,6}\s+/, '').replace(/^title:\s+/i, '')
  const isWhole = title.length <= maxTitle
  return {
    title: isWhole ? title : `${title.slice(0, maxTitle - 1)}…`,
    body: lines
      .slice(isWhole ? first + 1 : first)
      .join('\n')
      .trim(),
  }
}

async function assertFile(path: string): Promise<void> {
  const status = await stat(path).catch((cause: unknown) => {
    throw intakeErrors.UNREADABLE({ detail: path, cause })
  })
  // A device or a pipe could deliver for ever; who means a pipe uses standard input.
  if (!status.isFile()) throw intakeErrors.UNREADABLE({ detail: `${path} is not an ordinary file` })
  if (status.size > maxBytes) throw intakeErrors.TOO_LARGE({ detail: `${path} has ${status.size} bytes` })
}

async function readAll(stream: Readable, name: string): Promise<Buffer> {
  const chunks: Buffer[] = []
  let bytes = 0
  try {
    for await (const chunk of stream as AsyncIterable<Buffer | string>) {
      const piece = typeof chunk === 'string' ? Buffer.from(chunk) : chunk
      bytes += piece.length
      if (bytes > maxBytes) break
      chunks.push(piece)
    }
  } catch (cause) {
    throw intakeErrors.UNREADABLE({ detail: name, cause })
  }
  if (bytes > maxBytes) throw intakeErrors.TOO_LARGE({ detail: name })
  return Buffer.concat(chunks)
}

function decode(bytes: Buffer, name: string): string {
  const encoding = encodingOf(bytes)
  try {
    const text = new TextDecoder(encoding, { fatal: true }).decode(bytes)
    if (!text.includes('\0')) return text
  } catch (cause) {
    throw intakeErrors.UNREADABLE({ detail: `${name} is not valid ${encoding.toUpperCase()}`, cause })
  }
  throw intakeErrors.UNREADABLE({ detail: `${name} is a binary file` })
}

function encodingOf(bytes: Buffer): 'utf-8' | 'utf-16le' | 'utf-16be' {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le'
  return bytes[0] === 0xfe && bytes[1] === 0xff ? 'utf-16be' : 'utf-8'
}
