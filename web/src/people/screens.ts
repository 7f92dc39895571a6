import { Users } from 'lucide-react'
import type { Screen } from '../app/screen.ts'

export const peopleScreens: readonly Screen[] = [
  {
    path: '/people',
    title: 'People and roles',
    load: async () => (await import('./people-screen.tsx')).PeopleScreen,
    navigation: {
      section: 'Governance',
      icon: Users,
      key: 'e',
      words: 'members users services permissions invite',
    },
  },
]
