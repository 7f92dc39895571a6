import { createContext, use, useMemo, useRef, useState, type ReactNode } from 'react'
import { Check, CircleAlert } from 'lucide-react'
import { describeFailure } from '../api/index.ts'
import styles from './announcements.module.css'

interface Announcement {
  readonly id: number
  readonly tone: 'good' | 'bad'
  readonly message: string
  readonly remedy?: string
}

interface Announcer {
  /** Says that something is done. */
  readonly say: (message: string) => void
  /** Says what failed, and what to do. */
  readonly sayFailure: (error: unknown) => void
}

const AnnouncerContext = createContext<Announcer | undefined>(undefined)
/** Milliseconds; failures stay twice as long. */
const stay = 4500

/** Short messages at the edge of the page, which readers of the screen hear and nobody has to close. */
export function AnnouncementProvider({ children }: { readonly children: ReactNode }) {
  const [announcements, setAnnouncements] = useState<readonly Announcement[]>([])
  const count = useRef(0)
  const announcer = useMemo<Announcer>(() => {
    const show = (announcement: Omit<Announcement, 'id'>): void => {
      const id = count.current++
      setAnnouncements((all) => [...all.slice(-2), { id, ...announcement }])
      setTimeout(
        () => setAnnouncements((all) => all.filter((each) => each.id !== id)),
        announcement.tone === 'bad' ? stay * 2 : stay,
      )
    }
    return {
      say: (message) => show({ tone: 'good', message }),
      sayFailure: (error) => {
        const { message, remedy } = describeFailure(error)
        show({ tone: 'bad', message, remedy })
      },
    }
  }, [])
  return (
    <AnnouncerContext value={announcer}>
      {children}
      <div className={styles['place']} role="status" aria-live="polite">
        {announcements.map(({ id, tone, message, remedy }) => (
          <div key={id} className={styles['announcement']} data-tone={tone}>
            {tone === 'good' ? <Check size={16} aria-hidden /> : <CircleAlert size={16} aria-hidden />}
            <p>
              {message}
              {remedy !== undefined && <span>{remedy}</span>}
            </p>
          </div>
        ))}
      </div>
    </AnnouncerContext>
  )
}

export function useAnnouncer(): Announcer {
  const announcer = use(AnnouncerContext)
  if (announcer === undefined) throw new Error('useAnnouncer needs an AnnouncementProvider around it')
  return announcer
}
