/** From when to when something was done, in milliseconds. */
export interface Stretch {
  readonly from: number
  readonly to: number
}

export interface TimeAxis {
  /** Where a moment stands, as a share of the axis from 0 to 1. */
  readonly at: (time: number) => number
  /** The moment at a share of the axis. */
  readonly momentAt: (share: number) => number
  /** Whether waits take less room than they took time. */
  readonly isSqueezed: boolean
}

/** The part of the axis that all waits have together, at most. */
const roomForWaits = 0.2

/**
 * An axis on which work can be seen beside long waits: what lies between two stretches of work has no more than a fifth of it
 * in all, however long it took. Where work fills the most of the time, the axis is even.
 */
export function timeAxis(from: number, to: number, work: readonly Stretch[]): TimeAxis {
  const busy = merged(work.map((each) => ({ from: Math.max(from, each.from), to: Math.min(to, each.to) })))
  const bounds = [...new Set([from, ...busy.flatMap((each) => [each.from, each.to]), to])].sort(
    (a, b) => a - b,
  )
  const pieces = bounds.slice(1).map((end, index) => {
    const start = bounds[index] ?? from
    return { from: start, to: end, isWork: busy.some((each) => each.from <= start && end <= each.to) }
  })
  const lengthOf = (isWork: boolean): number =>
    pieces.reduce((sum, piece) => (piece.isWork === isWork ? sum + piece.to - piece.from : sum), 0)
  const worked = lengthOf(true)
  const waited = lengthOf(false)
  const isSqueezed = worked > 0 && waited / (worked + waited) > roomForWaits
  const scale = isSqueezed ? (worked * roomForWaits) / (1 - roomForWaits) / waited : 1
  const whole = worked + waited * scale
  let reached = 0
  const placed = pieces.map((piece) => {
    const start = reached
    reached += ((piece.to - piece.from) * (piece.isWork ? 1 : scale)) / whole
    return { ...piece, start, end: reached }
  })
  return {
    isSqueezed,
    at: (time) => {
      const piece = placed.find((each) => time <= each.to) ?? placed.at(-1)
      if (piece === undefined || piece.to === piece.from) return 0
      const within = Math.min(1, Math.max(0, (time - piece.from) / (piece.to - piece.from)))
      return piece.start + within * (piece.end - piece.start)
    },
    momentAt: (share) => {
      const piece = placed.find((each) => share <= each.end) ?? placed.at(-1)
      if (piece === undefined || piece.end === piece.start) return from
      const within = Math.min(1, Math.max(0, (share - piece.start) / (piece.end - piece.start)))
      return piece.from + within * (piece.to - piece.from)
    },
  }
}

/** Stretches that overlap, as one. */
function merged(stretches: readonly Stretch[]): readonly Stretch[] {
  const sorted = stretches.filter((each) => each.to > each.from).toSorted((a, b) => a.from - b.from)
  const all: Stretch[] = []
  for (const each of sorted) {
    const last = all.at(-1)
    if (last === undefined || each.from > last.to) all.push(each)
    else all[all.length - 1] = { from: last.from, to: Math.max(last.to, each.to) }
  }
  return all
}
