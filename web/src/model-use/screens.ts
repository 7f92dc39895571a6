import { Gauge } from 'lucide-react'
import type { Screen } from '../app/screen.ts'

export const modelUseScreens: readonly Screen[] = [
  {
    path: '/model-use',
    title: 'Model use',
    needs: { inSomeProject: 'use-models' },
    load: async () => (await import('./model-use-screen.tsx')).ModelUseScreen,
    navigation: {
      section: 'Studio',
      icon: Gauge,
      key: 'u',
      words: 'gateway my own limit today client claude codex openai anthropic key',
    },
  },
]
