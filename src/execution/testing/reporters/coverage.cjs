'use strict'
/*
 * Reads what V8 wrote to NODE_V8_COVERAGE and sends, per file of the package, the ranges that were executed. See
 * https://chromedevtools.github.io/devtools-protocol/v8/Profiler/#type-ScriptCoverage.
 */
const channel = require('./channel.cjs')
const fs = require('node:fs')
const path = require('node:path')

const [folder] = process.argv.slice(2)
const covered = new Map()

for (const name of fs.existsSync(folder) ? fs.readdirSync(folder) : []) {
  let content
  try {
    content = JSON.parse(fs.readFileSync(path.join(folder, name), 'utf8'))
  } catch {
    continue // A process that was killed while it wrote.
  }
  const translated = new Set(Object.keys(content['source-map-cache'] ?? {}))
  for (const { url, functions } of content.result ?? []) {
    if (!url.startsWith('file:') || url.includes('/node_modules/') || translated.has(url)) continue
    const file = channel.relative(url)
    if (file !== undefined) covered.set(file, [...(covered.get(file) ?? []), ...executed(functions)])
  }
}

for (const [file, ranges] of covered) channel.record({ kind: 'coverage', file, covered: merge(ranges) })

/** Executed stretches of one script: the innermost range around a place decides. */
function executed(functions) {
  const ranges = functions
    .flatMap((item) => item.ranges)
    .sort((a, b) => a.startOffset - b.startOffset || b.endOffset - a.endOffset)
  const stretches = []
  const open = []
  let at = 0
  const until = (offset) => {
    if (offset > at && (open.at(-1)?.count ?? 0) > 0) stretches.push([at, offset])
    at = Math.max(at, offset)
  }
  for (const range of ranges) {
    while (open.length > 0 && open.at(-1).endOffset <= range.startOffset) {
      until(open.at(-1).endOffset)
      open.pop()
    }
    until(range.startOffset)
    open.push(range)
  }
  while (open.length > 0) {
    until(open.at(-1).endOffset)
    open.pop()
  }
  return stretches
}

function merge(ranges) {
  const merged = []
  for (const [start, end] of ranges.sort((a, b) => a[0] - b[0])) {
    const last = merged.at(-1)
    if (last !== undefined && start <= last[1]) last[1] = Math.max(last[1], end)
    else merged.push([start, end])
  }
  return merged
}
