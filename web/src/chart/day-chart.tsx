import { useEffect, useRef, useState } from 'react'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { formatMoney } from '../ui/index.ts'
import { useDarkness } from './darkness.ts'
import type { DayValue } from './outlook.ts'
import styles from './day-chart.module.css'

const height = 260
/** Millionths: what the axis shows at least, where next to nothing was used. */
const leastHeight = 50_000
const dates = new Intl.DateTimeFormat('en', { day: 'numeric', month: 'short', timeZone: 'UTC' })

/** The colours of the design as a canvas needs them, resolved for what is chosen now. */
function resolveColours(element: HTMLElement): (name: string) => string {
  return (name) => {
    element.style.color = `var(--${name})`
    return getComputedStyle(element).color
  }
}

function readingOf({ day, used, expected, low, high }: DayValue): string {
  const date = dates.format(new Date(day))
  if (used !== null) return `${date}: ${formatMoney(used)}`
  return `${date}: about ${formatMoney(Math.round(expected ?? 0))}, between ${formatMoney(Math.round(low ?? 0))} and ${formatMoney(Math.round(high ?? 0))}`
}

function optionsOf(
  colour: (name: string) => string,
  width: number,
  onIndex: (index: number | null) => void,
): uPlot.Options {
  const axis: uPlot.Axis = {
    stroke: colour('text-soft'),
    font: '11px "Inter Variable", sans-serif',
    grid: { stroke: colour('line'), width: 1 },
    ticks: { show: false },
  }
  const interval = colour('warn').replace(/^rgb\((.*)\)$/, 'rgba($1, 0.22)')
  const paths = uPlot.paths.bars?.({ size: [0.65, 40], radius: 0.15 })
  return {
    width,
    height,
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
    scales: {
      x: { time: true },
      y: { range: (_, __, greatest) => [0, Math.max(leastHeight, greatest * 1.08)] },
    },
    tzDate: (time) => uPlot.tzDate(new Date(time * 1000), 'Etc/UTC'),
    axes: [
      {
        ...axis,
        grid: { show: false },
        values: (_, times) => times.map((time) => dates.format(new Date(time * 1000))),
      },
      { ...axis, size: 64, values: (_, values) => values.map((value) => formatMoney(value)) },
    ],
    series: [
      {},
      {
        fill: colour('accent'),
        stroke: colour('accent'),
        width: 0,
        points: { show: false },
        ...(paths && { paths }),
      },
      { stroke: 'transparent', points: { show: false } },
      { stroke: 'transparent', points: { show: false } },
      { stroke: colour('warn'), width: 2, dash: [5, 4], points: { show: false } },
    ],
    bands: [{ series: [3, 2], fill: interval }],
    hooks: { setCursor: [({ cursor: { idx } }) => onIndex(idx ?? null)] },
  }
}

/** Money by day, and what is expected of the days to come. The words under it say what the pointer is at. */
export function DayChart({ label, days }: { readonly label: string; readonly days: readonly DayValue[] }) {
  const place = useRef<HTMLDivElement>(null)
  const probe = useRef<HTMLSpanElement>(null)
  const dark = useDarkness()
  const [index, setIndex] = useState<number | null>(null)

  useEffect(() => {
    const element = place.current
    if (element === null || probe.current === null) return
    const colour = resolveColours(probe.current)
    const data: uPlot.AlignedData = [
      days.map(({ day }) => Date.parse(day) / 1000),
      days.map(({ used }) => used),
      days.map(({ low }) => low),
      days.map(({ high }) => high),
      days.map(({ expected }) => expected),
    ]
    const chart = new uPlot(optionsOf(colour, element.clientWidth, setIndex), data, element)
    const observer = new ResizeObserver(() => chart.setSize({ width: element.clientWidth, height }))
    observer.observe(element)
    return () => {
      observer.disconnect()
      chart.destroy()
    }
  }, [days, dark])

  const current = index === null ? undefined : days[index]
  const hasForecast = days.some(({ expected }) => expected !== null)
  return (
    <div>
      <span ref={probe} className={styles['probe']} />
      <div ref={place} role="img" aria-label={label} className={styles['chart']} />
      <div className={styles['legend']} aria-hidden>
        <span>
          <i /> Used
        </span>
        {hasForecast && (
          <>
            <span>
              <i data-mark="expected" /> Expected
            </span>
            <span>
              <i data-mark="interval" /> Eight of ten days lie in here
            </span>
          </>
        )}
        <span className={styles['reading']}>{current === undefined ? '' : readingOf(current)}</span>
      </div>
    </div>
  )
}
