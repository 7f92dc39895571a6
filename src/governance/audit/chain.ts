import { z } from 'zod'
import type { TenantId } from '../../kernel/index.ts'
import { digestOf } from '../../kernel/index.ts'
import type { VerifiedCheckpoint } from './checkpoint.ts'
import { genesisHash } from './record.ts'
import type { ChainHead, StoredEntry } from './record.ts'

/**
 * - `changed`: what the record says, or the hash kept with it, is not what was written.
 * - `removed`: a record, or a range of them, is missing between others.
 * - `reordered`: the record does not stand where it was written.
 * - `inserted`: the record was not written by the studio.
 * - `truncated`: the end of the chain is missing.
 * - `rewritten`: the chain fits together, but is not the one that was signed.
 * - `unproven`: nothing is known to be wrong with the record, but the one that vouches for it was changed or removed.
 * - `head-changed`: the note of where the chain ends was changed or removed.
 * - `checkpoint-forged`: a checkpoint does not carry the signature of a trusted key.
 */
export type ChainProblemKind =
  | 'changed'
  | 'removed'
  | 'reordered'
  | 'inserted'
  | 'truncated'
  | 'rewritten'
  | 'unproven'
  | 'head-changed'
  | 'checkpoint-forged'

export interface ChainProblem {
  /** Of the record concerned, or of the first of a range. */
  readonly seq: number
  readonly kind: ChainProblemKind
  readonly message: string
}

export interface ChainReport {
  readonly ok: boolean
  /** Records read. */
  readonly records: number
  /** The highest sequence that a signed checkpoint vouches for; later records rest on the database alone. */
  readonly signedThrough: number
  readonly problems: readonly ChainProblem[]
}

const entrySchema = z.strictObject({ previous: z.string(), record: z.string(), seq: z.int().positive() })
const recordSchema = z.looseObject({ tenantId: z.string() })

/**
 * Verifies one tenant's chain, record by record in the order they are stored, in memory that does not grow with the
 * chain. Every record vouches for the one before it, the head for the last, and signed checkpoints for theirs.
 */
export class ChainVerifier {
  readonly #tenantId: TenantId
  readonly #checkpoints: ReadonlyMap<number, VerifiedCheckpoint>
  readonly #problems: ChainProblem[] = []
  /** Records whose hash does not fit their entry. */
  readonly #inconsistent = new Set<number>()
  /** Records for which the next one does not vouch. */
  readonly #unvouched = new Set<number>()
  /** Ranges of sequences not seen yet, both ends included. */
  #gaps: { readonly from: number; readonly to: number }[] = []
  /** Hashes of records at the edge of a gap, and what the record after the gap says its predecessor's hash is. */
  readonly #hashes = new Map<number, string>()
  readonly #claims = new Map<number, string>()
  #records = 0
  readonly #start: number
  #last: ChainHead
  #signedThrough = 0

  /** `start` is the link that the first record to come follows; the beginning of the chain when absent. */
  constructor(tenantId: TenantId, checkpoints: readonly VerifiedCheckpoint[], start?: ChainHead) {
    this.#tenantId = tenantId
    this.#checkpoints = new Map(checkpoints.map((checkpoint) => [checkpoint.seq, checkpoint]))
    this.#start = start?.seq ?? 0
    this.#last = start ?? { seq: 0, hash: genesisHash(tenantId) }
    for (const checkpoint of checkpoints) {
      if (!checkpoint.genuine) {
        this.#report(checkpoint.seq, 'checkpoint-forged', 'the checkpoint is not signed by a trusted key')
      }
    }
  }

  /** The sequence that the next record should have. */
  get nextSeq(): number {
    return this.#last.seq + 1
  }

  add(row: StoredEntry): void {
    this.#records += 1
    const entry = parse(entrySchema, row.entry)
    if (entry === undefined) {
      this.#inconsistent.add(row.seq)
      this.#place(row.seq, row.hash, undefined)
      return
    }
    const fits = row.record === null || digestOf(row.record) === entry.record
    const consistent = fits && digestOf(row.entry) === row.hash
    const tenantId = row.record === null ? this.#tenantId : parse(recordSchema, row.record)?.tenantId
    if (consistent && tenantId !== this.#tenantId) {
      this.#report(row.seq, 'inserted', `the record belongs to tenant ${tenantId ?? 'unknown'}`)
    }
    // The sequence inside the entry is covered by the hash, so it tells where an intact record belongs.
    const seq = consistent ? entry.seq : row.seq
    if (!consistent) this.#inconsistent.add(seq)
    if (row.seq !== seq) {
      this.#report(seq, 'reordered', `record ${seq} stands in the place of record ${row.seq}`)
    }
    this.#place(seq, row.hash, entry.previous)
  }

  /** Takes a record into its place: next in line, in a gap that a later record left, or nowhere. */
  #place(seq: number, hash: string, previous: string | undefined): void {
    if (seq > this.#last.seq) {
      if (seq > this.#last.seq + 1) {
        this.#gaps.push({ from: this.#last.seq + 1, to: seq - 1 })
        this.#hashes.set(this.#last.seq, this.#last.hash)
        if (previous !== undefined) this.#claims.set(seq - 1, previous)
      } else if (previous !== this.#last.hash) this.#unvouched.add(this.#last.seq)
      this.#last = { seq, hash }
    } else if (this.#fillGap(seq)) {
      this.#report(seq, 'reordered', `record ${seq} stands after a record that was written later`)
      const before = this.#hashes.get(seq - 1)
      if (before === undefined) {
        if (previous !== undefined) this.#claims.set(seq - 1, previous)
      } else if (before !== previous) this.#unvouched.add(seq - 1)
      const claim = this.#claims.get(seq)
      if (claim !== undefined && claim !== hash) this.#unvouched.add(seq)
      this.#hashes.set(seq, hash)
    } else {
      this.#report(seq, 'inserted', `there is more than one record ${seq}`)
      return
    }
    this.#compareWithCheckpoint(seq, hash)
  }

  #fillGap(seq: number): boolean {
    const gap = this.#gaps.find(({ from, to }) => from <= seq && seq <= to)
    if (gap === undefined) return false
    const rest = [
      { from: gap.from, to: seq - 1 },
      { from: seq + 1, to: gap.to },
    ].filter(({ from, to }) => from <= to)
    this.#gaps = [...this.#gaps.filter((other) => other !== gap), ...rest]
    return true
  }

  #compareWithCheckpoint(seq: number, hash: string): void {
    const checkpoint = this.#checkpoints.get(seq)
    if (checkpoint?.genuine !== true) return
    if (checkpoint.hash === hash) this.#signedThrough = Math.max(this.#signedThrough, seq)
    else {
      const from = this.#signedThrough + 1
      this.#report(seq, 'rewritten', `records ${from} to ${seq} are not those that were signed`)
    }
  }

  /** `head` is what the database says the end of the chain is; leave it out where there is none, as in a file. */
  finish(head?: ChainHead | 'missing'): ChainReport {
    for (const { from, to } of this.#gaps) {
      this.#report(
        from,
        'removed',
        from === to ? `record ${from} is missing` : `records ${from} to ${to} are missing`,
      )
      if (from - 1 > this.#start) this.#unvouched.add(from - 1)
    }
    this.#compareWithHead(head)
    this.#compareWithLastCheckpoint()
    this.#judgeLinks()
    const problems = this.#problems.toSorted((a, b) => a.seq - b.seq)
    return {
      ok: problems.length === 0,
      records: this.#records,
      signedThrough: this.#signedThrough,
      problems,
    }
  }

  #compareWithHead(head: ChainHead | 'missing' | undefined): void {
    const { seq, hash } = this.#last
    if (head === undefined) return
    if (head === 'missing') {
      if (seq > 0) this.#report(seq, 'head-changed', 'the note of where the chain ends is missing')
    } else if (head.seq > seq) {
      this.#report(seq + 1, 'truncated', `records ${seq + 1} to ${head.seq} are missing at the end`)
    } else if (head.seq < seq) {
      this.#report(head.seq + 1, 'inserted', `records after ${head.seq} were not written by the studio`)
    } else if (head.hash !== hash) {
      if (this.#checkpoints.get(seq)?.hash === hash) {
        this.#report(seq, 'head-changed', 'the note of where the chain ends was changed')
      } else this.#unvouched.add(seq)
    }
  }

  #compareWithLastCheckpoint(): void {
    const signed = [...this.#checkpoints.values()].filter(({ genuine }) => genuine)
    const furthest = Math.max(0, ...signed.map(({ seq }) => seq))
    const { seq } = this.#last
    const known = this.#problems.some(({ kind }) => kind === 'truncated')
    if (furthest > seq && !known) {
      this.#report(seq + 1, 'truncated', `a checkpoint proves records up to ${furthest}, which are missing`)
    }
  }

  /**
   * Says whom to blame for links that do not hold. If a record is itself intact and vouched for, what it says about
   * the one before it counts; if not, the one before it is merely unproven.
   */
  #judgeLinks(): void {
    const suspicious = new Set(this.#unvouched)
    for (const seq of this.#inconsistent) if (seq - 1 > this.#start) suspicious.add(seq - 1)
    for (const seq of this.#inconsistent) {
      this.#report(seq, 'changed', `record ${seq} does not fit its hash`)
    }
    const missing = (seq: number): boolean => this.#gaps.some(({ from, to }) => from <= seq && seq <= to)
    for (const seq of suspicious) {
      if (seq <= this.#start || this.#inconsistent.has(seq) || missing(seq)) continue
      const next = seq + 1
      if (missing(next)) this.#report(seq, 'unproven', `record ${next}, which vouches for it, is missing`)
      else if (this.#inconsistent.has(next) || this.#unvouched.has(next)) {
        this.#report(seq, 'unproven', `record ${next}, which vouches for it, was changed`)
      } else this.#report(seq, 'changed', `record ${seq} is not the one that was written`)
    }
    // The first record vouches for no other: nothing but its link to the beginning shows that it was replaced.
    const first = this.#start + 1
    if (this.#unvouched.has(this.#start) && !this.#inconsistent.has(first) && !this.#unvouched.has(first)) {
      this.#report(first, 'changed', `record ${first} does not begin the chain of this tenant`)
    }
  }

  #report(seq: number, kind: ChainProblemKind, message: string): void {
    this.#problems.push({ seq, kind, message })
  }
}

function parse<T>(schema: z.ZodType<T>, json: string): T | undefined {
  try {
    return schema.safeParse(JSON.parse(json)).data
  } catch {
    return undefined
  }
}
