import { Lines } from '../chunking/index.ts'
import type { FileKind } from '../kinds.ts'
import type { RepositorySource, Revision } from '../ports.ts'
import type { ContextPiece, LeftOut, PieceRole } from './piece.ts'
import type { Proposal } from './select.ts'
import type { CountTokens } from './tokens.ts'

/** Tokens for the line that says where a piece is from. */
const labelTokens = 20
const maxLeftOut = 50
const kindOf: Readonly<Record<PieceRole, FileKind>> = {
  suspect: 'source',
  code: 'source',
  neighbour: 'source',
  rules: 'documentation',
  decision: 'documentation',
  test: 'test',
}
/** Files that are read at once. */
const readAhead = 24

/** What was taken of proposals, and what was not. */
export interface Filling {
  readonly taken: readonly ContextPiece[]
  readonly leftOut: readonly LeftOut[]
  readonly tokens: number
}

function nameOf({ file, chunk }: Proposal): string {
  return `${file.path}:${chunk.startLine}`
}

/** Fills budgets with chunks of one commit; no chunk is shown twice. */
export class Filler {
  readonly #source: RepositorySource
  readonly #revision: Revision
  readonly #count: CountTokens
  readonly #files = new Map<string, Lines | undefined>()
  readonly #shown = new Set<string>()

  constructor(source: RepositorySource, revision: Revision, count: CountTokens) {
    this.#source = source
    this.#revision = revision
    this.#count = count
  }

  /** Takes proposals in their order as long as they fit. */
  async fill(proposals: readonly Proposal[], budget: number, role: PieceRole): Promise<Filling> {
    const taken: ContextPiece[] = []
    const leftOut: LeftOut[] = []
    let left = budget
    for (const [index, proposal] of proposals.entries()) {
      if (this.#shown.has(nameOf(proposal))) continue
      // Nothing fits any more, and enough is said about what is missing.
      if (left < labelTokens * 2 || leftOut.length >= maxLeftOut) break
      await this.#read(proposals.slice(index, index + readAhead))
      const piece = this.#pieceOf(proposal, role)
      if (piece === undefined) continue
      const { path, startLine, endLine, tokens } = piece
      if (tokens > left) leftOut.push({ path, startLine, endLine, role, tokens, reason: 'no-room' })
      else {
        taken.push(piece)
        this.#shown.add(nameOf(proposal))
        left -= tokens
      }
    }
    return { taken, leftOut, tokens: budget - left }
  }

  #pieceOf({ file, chunk, why }: Proposal, role: PieceRole): ContextPiece | undefined {
    const lines = this.#files.get(file.path)
    if (lines === undefined) return undefined
    const { startLine, endLine, headerLines, symbols, within } = chunk
    const header = headerLines.map((line) => lines.slice(line - 1, line - 1)).join('')
    const text = lines.slice(startLine - 1, endLine - 1)
    return {
      path: file.path,
      startLine,
      endLine,
      commit: this.#revision.commit,
      kind: kindOf[role],
      role,
      symbols: symbols.length > 0 ? symbols : within.slice(-1),
      header,
      text,
      tokens: this.#count(header + text) + labelTokens,
      why,
    }
  }

  async #read(proposals: readonly Proposal[]): Promise<void> {
    if (this.#files.has(proposals[0]?.file.path ?? '')) return
    const paths = [...new Set(proposals.map(({ file }) => file.path))].filter(
      (path) => !this.#files.has(path),
    )
    const contents = await this.#source.readFiles(this.#revision.tree, paths)
    for (const path of paths) {
      const content = contents.get(path)
      const text = content && new TextDecoder('utf-8').decode(content).replaceAll('\0', '�')
      this.#files.set(path, text === undefined ? undefined : new Lines(text))
    }
  }
}
