import { CirclePlay } from 'lucide-react'
import type { Screen } from '../app/screen.ts'

export const runsScreens: readonly Screen[] = [
  {
    path: '/runs',
    title: 'Runs',
    load: async () => (await import('./runs-screen.tsx')).RunsScreen,
    navigation: { section: 'Work', icon: CirclePlay, key: 'r', words: 'history list' },
  },
]
