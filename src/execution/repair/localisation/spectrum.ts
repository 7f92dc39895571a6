import type { CoverageSpectrum, TextRange } from '../model.ts'
import type { SpectrumCounts } from './formulas.ts'
import type { Unit } from './outline.ts'

/** Counts who executed the units of one file. */
export function countCoverage(
  path: string,
  units: readonly Unit[],
  spectrum: CoverageSpectrum,
): readonly SpectrumCounts[] {
  const failedCovering = new Uint32Array(units.length)
  const passedCovering = new Uint32Array(units.length)
  let failed = 0
  let passed = 0
  for (const test of spectrum.tests) {
    if (test.outcome === 'failed') failed += 1
    else passed += 1
    if (!Object.hasOwn(test.covered, path)) continue
    const ranges = merged(test.covered[path] ?? [])
    const counts = test.outcome === 'failed' ? failedCovering : passedCovering
    units.forEach((unit, index) => {
      // A file of which nothing more is known counts as executed from end to end.
      if (unit.atLoad || ranges.length === 0 || covers(ranges, unit.start)) {
        counts[index] = (counts[index] ?? 0) + 1
      }
    })
  }
  return units.map((_, index) => ({
    failedCovering: failedCovering[index] ?? 0,
    passedCovering: passedCovering[index] ?? 0,
    failed,
    passed,
  }))
}

function merged(ranges: readonly TextRange[]): readonly TextRange[] {
  const sorted = [...ranges].sort((left, right) => left.start - right.start)
  const result: { start: number; end: number }[] = []
  for (const range of sorted) {
    const last = result.at(-1)
    if (last !== undefined && range.start <= last.end) last.end = Math.max(last.end, range.end)
    else result.push({ start: range.start, end: range.end })
  }
  return result
}

function covers(ranges: readonly TextRange[], offset: number): boolean {
  let low = 0
  let high = ranges.length - 1
  while (low <= high) {
    const middle = (low + high) >> 1
    const range = ranges[middle]
    if (range === undefined) return false
    if (offset < range.start) high = middle - 1
    else if (offset >= range.end) low = middle + 1
    else return true
  }
  return false
}
