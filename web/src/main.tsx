import './ui/tokens.css'
import './ui/base.css'
import { StrictMode } from 'react'
import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { createRoot } from 'react-dom/client'
import { createQueryClient } from './api/index.ts'
import { createApplicationRouter } from './app/router.tsx'
import { followUpgrades } from './app/upgrade.ts'
import { KeyboardProvider } from './keyboard/index.ts'
import { AnnouncementProvider } from './ui/index.ts'

const place = document.getElementById('root')
if (place === null) throw new Error('The page has no element with the id root')

followUpgrades()

createRoot(place).render(
  <StrictMode>
    <QueryClientProvider client={createQueryClient()}>
      <KeyboardProvider>
        <AnnouncementProvider>
          <RouterProvider router={createApplicationRouter()} />
        </AnnouncementProvider>
      </KeyboardProvider>
    </QueryClientProvider>
  </StrictMode>,
)
