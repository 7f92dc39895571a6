import { Users } from 'lucide-react'
import type { Screen } from '../app/screen.ts'

export const peopleScreens: readonly Screen[] = [
  {
    path: '/people',
    title: 'People',
    needs: { inTenant: 'read-people' },
    load: async () => (await import('./people-screen.tsx')).PeopleScreen,
    navigation: {
      section: 'Governance',
      icon: Users,
      key: 'e',
      words: 'roles members users services permissions invite',
    },
  },
]
