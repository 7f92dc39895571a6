import {
  Ban,
  Check,
  CircleAlert,
  CircleDashed,
  CircleDot,
  Hourglass,
  Info,
  MinusCircle,
  RotateCcw,
  type LucideIcon,
} from 'lucide-react'
import styles from './status.module.css'

export type Tone = 'good' | 'bad' | 'warn' | 'busy' | 'wait' | 'quiet'

interface Face {
  readonly tone: Tone
  readonly icon: LucideIcon
  readonly word: string
}

/** Every status that the studio has, each with a colour, a shape and a word. */
const faces: Readonly<Record<string, Face>> = {
  pending: { tone: 'quiet', icon: CircleDashed, word: 'Pending' },
  ready: { tone: 'quiet', icon: CircleDashed, word: 'Ready' },
  running: { tone: 'busy', icon: CircleDot, word: 'Running' },
  waiting: { tone: 'wait', icon: Hourglass, word: 'Waits for a person' },
  succeeded: { tone: 'good', icon: Check, word: 'Succeeded' },
  failed: { tone: 'bad', icon: CircleAlert, word: 'Failed' },
  skipped: { tone: 'quiet', icon: MinusCircle, word: 'Skipped' },
  cancelled: { tone: 'quiet', icon: Ban, word: 'Cancelled' },
  compensated: { tone: 'quiet', icon: RotateCcw, word: 'Undone' },
  delivered: { tone: 'good', icon: Check, word: 'Delivered' },
  unchanged: { tone: 'quiet', icon: MinusCircle, word: 'Nothing to change' },
  escalated: { tone: 'warn', icon: CircleAlert, word: 'Needs a person' },
  rejected: { tone: 'quiet', icon: Ban, word: 'Rejected' },
  approved: { tone: 'good', icon: Check, word: 'Approved' },
  void: { tone: 'quiet', icon: Ban, word: 'Void' },
  expired: { tone: 'quiet', icon: Hourglass, word: 'Expired' },
  allowed: { tone: 'quiet', icon: Check, word: 'Allowed' },
  denied: { tone: 'warn', icon: Ban, word: 'Denied' },
  started: { tone: 'quiet', icon: CircleDot, word: 'Started' },
  'changes-requested': { tone: 'warn', icon: RotateCcw, word: 'Changes asked for' },
  'in-force': { tone: 'good', icon: Check, word: 'In force' },
  superseded: { tone: 'quiet', icon: MinusCircle, word: 'Superseded' },
  passed: { tone: 'good', icon: Check, word: 'Passed' },
  active: { tone: 'good', icon: Check, word: 'Active' },
  draft: { tone: 'quiet', icon: CircleDashed, word: 'Draft' },
  retired: { tone: 'quiet', icon: Ban, word: 'Retired' },
  critical: { tone: 'bad', icon: CircleAlert, word: 'Critical' },
  high: { tone: 'bad', icon: CircleAlert, word: 'High' },
  medium: { tone: 'warn', icon: CircleAlert, word: 'Medium' },
  low: { tone: 'quiet', icon: Info, word: 'Low' },
  info: { tone: 'quiet', icon: Info, word: 'Info' },
}

/** Colour, shape and word of a status; one that is not known yet is shown by its own name. */
export function faceOf(status: string): Face {
  return faces[status] ?? { tone: 'quiet', icon: CircleDashed, word: status }
}

/** A status as shape and word. `look="icon"` leaves the word to readers of the screen, where a column has no room. */
export function Status({
  status,
  word,
  look = 'text',
}: {
  readonly status: string
  readonly word?: string
  readonly look?: 'text' | 'icon' | 'pill'
}) {
  const face = faceOf(status)
  const Icon = face.icon
  return (
    <span className={[styles['status'], styles[face.tone], styles[look]].join(' ')}>
      <Icon size={14} strokeWidth={2.25} aria-hidden className={styles['icon']} />
      <span className={look === 'icon' ? 'visually-hidden' : undefined}>{word ?? face.word}</span>
    </span>
  )
}

/** A short word with a tone, for what is no status: the kind of a file, a risk, a label. */
export function Tag({ tone = 'quiet', children }: { readonly tone?: Tone; readonly children: string }) {
  return <span className={[styles['tag'], styles[tone]].join(' ')}>{children}</span>
}
