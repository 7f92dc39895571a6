import { Inbox } from 'lucide-react'
import type { Screen } from '../app/screen.ts'

export const inboxScreens: readonly Screen[] = [
  {
    path: '/inbox',
    title: 'Inbox',
    load: async () => (await import('./inbox-screen.tsx')).InboxScreen,
    navigation: { section: 'Work', icon: Inbox, key: 'i', words: 'approvals escalations failures waiting' },
  },
]
