import { useSyncExternalStore } from 'react'
import { CloudOff } from 'lucide-react'
import styles from './connection-banner.module.css'

function subscribe(listener: () => void): () => void {
  window.addEventListener('online', listener)
  window.addEventListener('offline', listener)
  return () => {
    window.removeEventListener('online', listener)
    window.removeEventListener('offline', listener)
  }
}

/** Whether the browser has a network. */
export function useOnline(): boolean {
  return useSyncExternalStore(subscribe, () => navigator.onLine)
}

/** Says that what is shown may be old, and that nothing is decided behind anybody's back. It covers nothing. */
export function ConnectionBanner() {
  const online = useOnline()
  return (
    <div role="status" className={styles['place']}>
      {!online && (
        <p className={styles['banner']}>
          <CloudOff size={16} aria-hidden />
          You are offline. What you see may be out of date, and decisions are not kept for later: make them
          again when you are back.
        </p>
      )}
    </div>
  )
}
