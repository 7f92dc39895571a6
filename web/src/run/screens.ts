import type { Screen } from '../app/screen.ts'

export const runScreens: readonly Screen[] = [
  {
    path: '/runs/$runId',
    title: 'Run',
    load: async () => (await import('./run-screen.tsx')).RunScreen,
  },
]
