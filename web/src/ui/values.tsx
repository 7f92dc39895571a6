import { useState } from 'react'
import { Check, Copy } from 'lucide-react'
import { formatAge, formatDuration, formatMoment, formatMoney } from './format.ts'
import { useNow } from './now.ts'
import styles from './values.module.css'

/** How long ago something was, with the full moment on demand. */
export function Age({ time }: { readonly time: string }) {
  const now = useNow()
  return (
    <time dateTime={time} title={formatMoment(time)} className={styles['age']}>
      {formatAge(time, now)}
    </time>
  )
}

/** How long something took, or takes so far. */
export function Duration({ from, to }: { readonly from: string; readonly to: string | null }) {
  return to === null ? (
    <RunningDuration from={from} />
  ) : (
    <span>{formatDuration((Date.parse(to) - Date.parse(from)) / 1000)}</span>
  )
}

function RunningDuration({ from }: { readonly from: string }) {
  const now = useNow(1000)
  return <span>{formatDuration(Math.max(0, Math.round((now - Date.parse(from)) / 1000)))}</span>
}

/** Millionths of the currency. */
export function Money({ value }: { readonly value: number }) {
  return <span>{formatMoney(value)}</span>
}

/** A digest, commit or id: its beginning to recognise it by, and the whole of it to copy. */
export function Digest({
  value,
  label = 'digest',
  length = 10,
}: {
  readonly value: string
  readonly label?: string
  readonly length?: number
}) {
  const bare = value.replace(/^sha256:/, '')
  return (
    <span className={styles['digest']}>
      <code title={value}>{bare.slice(0, length)}</code>
      <CopyButton text={value} label={`Copy ${label}`} />
    </span>
  )
}

/** Puts a text into the clipboard and says so. */
export function CopyButton({ text, label }: { readonly text: string; readonly label: string }) {
  const [copied, setCopied] = useState(false)
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(text)
    setCopied(true)
    setTimeout(() => setCopied(false), 1500)
  }
  return (
    <button
      type="button"
      className={styles['copy']}
      aria-label={copied ? 'Copied' : label}
      onClick={() => void copy()}
    >
      {copied ? <Check size={13} aria-hidden /> : <Copy size={13} aria-hidden />}
    </button>
  )
}
