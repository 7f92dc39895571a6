import { SquarePen } from 'lucide-react'
import type { Screen } from '../app/screen.ts'

export const workScreens: readonly Screen[] = [
  {
    path: '/work/new',
    title: 'New work',
    needs: { inSomeProject: 'submit-work-item' },
    load: async () => (await import('./submit-screen.tsx')).SubmitScreen,
    navigation: { section: 'Work', icon: SquarePen, key: 'n', words: 'submit issue work item bug' },
  },
]
