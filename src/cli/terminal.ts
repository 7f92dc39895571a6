import pc from 'picocolors'
import type { Readable, Writable } from 'node:stream'
import { displayText } from '../kernel/index.ts'

/** The streams a command talks to; a test supplies its own. */
export interface Terminal {
  readonly stdin: Readable & { readonly isTTY?: boolean }
  readonly stdout: Writable & { readonly isTTY?: boolean; readonly columns?: number }
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number }
  /** False when NO_COLOR is set or the output is not a terminal. */
  readonly colour: boolean
}

/** Colours, or identity functions where there are none. */
export function palette(terminal: Terminal): ReturnType<typeof pc.createColors> {
  return pc.createColors(terminal.colour)
}

/**
 * Untrusted text made safe for a terminal: no escape sequences, nothing invisible or reordering (which could hide or forge
 * what a person approves), tabs as spaces.
 */
export function printable(text: string): string {
  return displayText(text).replaceAll('\t', '    ')
}

/** First line of untrusted text, cut to `width` characters. */
export function oneLine(text: string, width: number): string {
  const line = (printable(text).split('\n', 1)[0] ?? '').trim()
  return line.length > width ? `${line.slice(0, Math.max(1, width - 1))}…` : line
}

/** `0.4 s`, `12 s`, `3 min 05 s`, `2 h 10 min`. */
export function humanDuration(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole} s`
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`
  return `${Math.floor(whole / 3600)} h ${String(Math.floor((whole % 3600) / 60)).padStart(2, '0')} min`
}

/** `640 bytes`, `12 kB`, `3.4 MB`. */
export function humanBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} bytes`
  const power = Math.min(4, Math.floor(Math.log10(bytes) / 3))
  const value = bytes / 1000 ** power
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${['kB', 'MB', 'GB', 'TB'][power - 1]}`
}

/** `one thing`, `3 things`. */
export function count(n: number, singular: string, plural = `${singular}s`): string {
  return `${n} ${n === 1 ? singular : plural}`
}

export function writeLine(stream: NodeJS.WritableStream, line = ''): void {
  stream.write(`${line}\n`)
}

export function writeJson(stream: NodeJS.WritableStream, value: unknown): void {
  stream.write(`${JSON.stringify(value, null, 2)}\n`)
}
