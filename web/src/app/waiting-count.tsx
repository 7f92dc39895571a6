import { useInfiniteQuery } from '@tanstack/react-query'
import { inboxQuery } from '../api/index.ts'
import styles from './waiting-count.module.css'

/** How much waits for a person; nothing where nothing does. */
export function WaitingCount() {
  const { data } = useInfiniteQuery(inboxQuery)
  const first = data?.pages[0]
  if (first === undefined || first.items.length === 0) return null
  const count = first.items.length
  return (
    <b className={styles['count']}>
      {first.next === null ? count : `${count}+`}
      <span className="visually-hidden"> waiting</span>
    </b>
  )
}
