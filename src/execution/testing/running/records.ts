import { z } from 'zod'
import { parseJson } from '../structured-text.ts'

/** What reporters send; see `reporters/channel.cjs`. */
const recordSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('case'),
    file: z.string().optional(),
    path: z.array(z.string()),
    name: z.string(),
    outcome: z.enum(['passed', 'failed', 'skipped', 'todo']),
    durationMs: z.number().optional(),
    message: z.string().optional(),
    stack: z.string().optional(),
    line: z.number().optional(),
  }),
  /** A file, or the runner itself, that could not do its work. */
  z.object({
    kind: z.literal('broken'),
    file: z.string().nullish(),
    message: z.string().optional(),
    stack: z.string().optional(),
  }),
  /** A piece of a TAP stream, of one process. */
  z.object({ kind: z.literal('tap'), file: z.string().optional(), process: z.number(), text: z.string() }),
  /** What one process executed of the files of the repository. */
  z.object({
    kind: z.literal('coverage'),
    file: z.string(),
    covered: z.array(z.tuple([z.number(), z.number()])),
  }),
  /** A test process ends, by itself or by a call of `process.exit`. */
  z.object({ kind: z.literal('exit'), called: z.boolean() }),
  /** All results were sent. */
  z.object({ kind: z.literal('end'), exitCode: z.number().optional() }),
])
export type ReportRecord = z.infer<typeof recordSchema>
export type CaseRecord = Extract<ReportRecord, { kind: 'case' }>

/** Picks records out of a stream. Lines that do not lead with the key are noise. */
export class RecordReader {
  readonly records: ReportRecord[] = []
  #rest = ''
  readonly #decoder = new TextDecoder()
  readonly #lead: string
  readonly #onRecord: (record: ReportRecord) => void

  constructor(key: string, onRecord: (record: ReportRecord) => void = () => undefined) {
    this.#lead = `${key} `
    this.#onRecord = onRecord
  }

  write(chunk: Uint8Array): void {
    const lines = (this.#rest + this.#decoder.decode(chunk, { stream: true })).split('\n')
    this.#rest = lines.pop() ?? ''
    for (const line of lines) if (line.startsWith(this.#lead)) this.#read(line.slice(this.#lead.length))
  }

  #read(text: string): void {
    const parsed = recordSchema.safeParse(parseJson(text))
    if (!parsed.success) return
    this.records.push(parsed.data)
    this.#onRecord(parsed.data)
  }
}

/** The last characters of a stream of bytes. */
export class OutputTail {
  #text = ''
  readonly #decoder = new TextDecoder()
  readonly #length: number

  constructor(length: number) {
    this.#length = length
  }

  write(chunk: Uint8Array): void {
    this.#text = (this.#text + this.#decoder.decode(chunk, { stream: true })).slice(-this.#length)
  }

  get text(): string {
    return this.#text
  }
}
