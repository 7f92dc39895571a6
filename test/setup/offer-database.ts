import type { TestProject } from 'vitest/node'
import { offerSharedServer } from '../../src/testing/shared-server.ts'

declare module 'vitest' {
  interface ProvidedContext {
    databaseOffer: string
  }
}

/** Runs once, in the process of the runner. The server itself starts when a test asks for a database. */
export default async function offerDatabase(project: TestProject): Promise<() => Promise<void>> {
  const offer = await offerSharedServer()
  project.provide('databaseOffer', offer.socketPath)
  return () => offer.close()
}
