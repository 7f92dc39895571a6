import { type Chunk, type Definition, formChunks, type Unit } from './chunk.ts'
import type { Lines } from './lines.ts'

const fence = /^\s{0,3}(```|~~~)/
const heading = /^(#{1,6})\s+(\S.*?)\s*#*\s*$/

/** Sections of a Markdown file; the headings above a section are its context. Headings in code blocks do not count. */
export function chunkMarkdown(lines: Lines): readonly Chunk[] {
  const units: Unit[] = []
  const sections: { name: string; row: number; endRow: number; level: number }[] = []
  let open: string | undefined
  for (let row = 0; row < lines.count; row += 1) {
    const line = lines.slice(row, row).trimEnd()
    const mark = fence.exec(line)?.[1]
    if (mark !== undefined) open = open === undefined ? mark : open === mark ? undefined : open
    const title = open === undefined && mark === undefined ? heading.exec(line) : null
    if (title !== null) {
      const level = title[1]?.length ?? 1
      for (const section of sections)
        if (section.endRow === Infinity && section.level >= level) section.endRow = row - 1
      sections.push({ name: title[2] ?? '', row, endRow: Infinity, level })
    }
    if (title !== null || (open === undefined && beginsParagraph(lines, row)))
      units.push({ row, group: sections.length })
  }
  return formChunks(lines, units, sections satisfies Definition[])
}

/** Paragraphs of any other text: what stands between blank lines, and single lines where there are none. */
export function chunkText(lines: Lines): readonly Chunk[] {
  const units: Unit[] = []
  let lastParagraph = 0
  for (let row = 0; row < lines.count; row += 1) {
    if (beginsParagraph(lines, row)) lastParagraph = row
    if (lastParagraph === row || row - lastParagraph > 40) units.push({ row, group: 0 })
  }
  return formChunks(lines, units, [])
}

function beginsParagraph(lines: Lines, row: number): boolean {
  return row === 0 || (lines.isBlank(row - 1) && !lines.isBlank(row))
}
