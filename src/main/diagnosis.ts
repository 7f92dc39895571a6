import type { Diagnosis } from '../cli/index.ts'
import type { Configuration } from './configuration.ts'
import { attempt, checkHost } from './host-checks.ts'
import { openStudio } from './studio.ts'

/** Looks at this machine and opens the studio on it. */
export async function diagnose(configuration: Configuration): Promise<Diagnosis> {
  const host = await checkHost(configuration)
  const studio = await attempt('studio', async () => {
    const studio = await openStudio(configuration, 'look')
    try {
      const { items } = await studio.listRuns({ limit: 1 })
      return `database is ready in ${configuration.dataDirectory}${items.length > 0 ? '' : ', no runs yet'}`
    } finally {
      await studio.close()
    }
  })
  const checks = [...host, studio]
  return { ok: checks.every(({ ok }) => ok), checks }
}
