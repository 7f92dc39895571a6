import { KeyRound } from 'lucide-react'
import type { Screen } from '../app/screen.ts'

export const credentialScreens: readonly Screen[] = [
  {
    path: '/access',
    title: 'Access',
    needs: { inTenant: 'manage-own-tokens' },
    load: async () => (await import('./access-screen.tsx')).AccessScreen,
    navigation: {
      section: 'Governance',
      icon: KeyRound,
      key: 't',
      words: 'tokens sessions api keys credentials sign out devices',
    },
  },
]
