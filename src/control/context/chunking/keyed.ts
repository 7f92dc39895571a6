import { type Chunk, formChunks, type Unit } from './chunk.ts'
import type { Lines } from './lines.ts'

const yamlKey =
  /^(\s*)(?:- )?(?:"([^"\n]{1,200})"|'([^'\n]{1,200})'|([^\s#'"&*!|>%@`{}[\],-][^\n#]{0,200}?))\s*:(?:\s|$)/
const jsonKey = /^(\s*)"([^"\n]{1,200})"\s*:/
const tomlTable = /^\s*\[{1,2}\s*([^\]\n]{1,200}?)\s*\]{1,2}/
const tomlKey = /^([\w.-]{1,100})\s*=/

/** How deep keys are named: three levels tell `paths`, a path and its operations. */
const deepestKey = 3
/** Rows from which on a section is a chunk of its own; shorter ones stand together. */
const ownChunk = 8
const mostSections = 5_000

interface Section {
  readonly name: string
  readonly row: number
  readonly indent: number
  readonly level: number
  endRow: number
}

/**
 * Sections of a configuration file by its keys: tables of TOML, and keys of YAML and of JSON that is written over several
 * lines. Of an OpenAPI description each path is a chunk, with its operations.
 */
export function chunkKeyed(lines: Lines, format: 'yaml' | 'json' | 'toml'): readonly Chunk[] {
  const sections = format === 'toml' ? tablesOf(lines) : keysOf(lines, format === 'json' ? jsonKey : yamlKey)
  const isApi = sections.some(({ name, level }) => level === 0 && /^(?:openapi|swagger)$/.test(name))
  const entryLevel = isApi ? 1 : 0
  const units: Unit[] = [{ row: 0, group: 0 }]
  let group = 0
  let wasLong = false
  for (const { row, endRow, level } of sections) {
    if (level <= entryLevel) {
      const isLong = endRow - row + 1 >= ownChunk
      // What follows a long section begins anew, and short ones gather there.
      if (isLong || wasLong) group += 1
      wasLong = isLong
    }
    units.push({ row, group })
  }
  return formChunks(lines, units, sections)
}

function keysOf(lines: Lines, pattern: RegExp): readonly Section[] {
  const sections: Section[] = []
  const open: Section[] = []
  for (let row = 0; row < lines.count && sections.length < mostSections; row += 1) {
    const line = lines.slice(row, row)
    if (line.trim() === '' || line.length > 2_000) continue
    const indent = line.length - line.trimStart().length
    for (let last = open.at(-1); last !== undefined && last.indent >= indent; last = open.at(-1)) {
      // The bracket that closes a section stands where the section began and is part of it.
      last.endRow = /^\s*[}\]]/.test(line) && last.indent === indent ? row : row - 1
      open.pop()
    }
    const groups: readonly (string | undefined)[] = pattern.exec(line)?.slice(2) ?? []
    const name = groups.find((group) => group !== undefined)?.trim()
    if (name === undefined || open.length >= deepestKey) continue
    const section = { name, row, indent, level: open.length, endRow: lines.count - 1 }
    sections.push(section)
    open.push(section)
  }
  return sections
}

function tablesOf(lines: Lines): readonly Section[] {
  const sections: Section[] = []
  let table: Section | undefined
  for (let row = 0; row < lines.count && sections.length < mostSections; row += 1) {
    const line = lines.slice(row, row)
    const name = tomlTable.exec(line)?.[1]
    if (name !== undefined) {
      if (table !== undefined) table.endRow = row - 1
      table = { name, row, indent: 0, level: 0, endRow: lines.count - 1 }
      sections.push(table)
      continue
    }
    const key = tomlKey.exec(line)?.[1]
    if (key !== undefined)
      sections.push({ name: key, row, indent: 2, level: table === undefined ? 0 : 1, endRow: row })
  }
  return sections
}
