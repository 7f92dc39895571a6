import { readFileSync } from 'node:fs'
import path from 'node:path'
import { gzipSync } from 'node:zlib'

/**
 * Prints what the browser has to load, compressed, and fails when the first page is heavier than its limit: the entry with
 * everything that it imports, its styles, and the heaviest screen that people open first.
 */

interface Chunk {
  readonly file: string
  readonly imports?: readonly string[]
  readonly css?: readonly string[]
  readonly isEntry?: boolean
  readonly isDynamicEntry?: boolean
}

/** In kB of 1000 bytes, gzip. */
const limit = 150
const firstScreens = ['src/inbox/inbox-screen.tsx', 'src/runs/runs-screen.tsx']

const dist = path.join(import.meta.dirname, '..', 'dist')
const manifest = JSON.parse(readFileSync(path.join(dist, '.vite', 'manifest.json'), 'utf8')) as Record<
  string,
  Chunk
>

/** Files that have to be there before the chunk can run. */
function filesOf(name: string, seen = new Set<string>()): Set<string> {
  const chunk = manifest[name]
  if (chunk === undefined || seen.has(chunk.file)) return seen
  seen.add(chunk.file)
  for (const style of chunk.css ?? []) seen.add(style)
  for (const imported of chunk.imports ?? []) filesOf(imported, seen)
  return seen
}

function kilobytes(files: Iterable<string>): number {
  let bytes = 0
  for (const file of files) bytes += gzipSync(readFileSync(path.join(dist, file)), { level: 9 }).length
  return bytes / 1000
}

const entry = Object.keys(manifest).find((name) => manifest[name]?.isEntry === true)
if (entry === undefined) throw new Error('The build has no entry; run npm run build -w web')
const shell = filesOf(entry)
console.log(`${kilobytes(shell).toFixed(1).padStart(7)} kB  shell`)
let heaviest = 0
for (const [name, chunk] of Object.entries(manifest)) {
  if (chunk.isDynamicEntry !== true) continue
  const more = [...filesOf(name)].filter((file) => !shell.has(file))
  console.log(`${kilobytes(more).toFixed(1).padStart(7)} kB  ${name}`)
  if (firstScreens.includes(name)) heaviest = Math.max(heaviest, kilobytes(new Set([...shell, ...more])))
}
console.log(`${heaviest.toFixed(1).padStart(7)} kB  first page, of at most ${limit} kB`)
process.exitCode = heaviest > 0 && heaviest <= limit ? 0 : 1
