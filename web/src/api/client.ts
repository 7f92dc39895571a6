import { createClient, type Client } from '../../../src/api/client/index.ts'

/** The studio that served this page. */
export const studio: Client = createClient({ baseUrl: '' })

type Answer<Id extends keyof Client> = Awaited<ReturnType<Client[Id]>>

export type Me = Answer<'getMe'>
export type Run = Answer<'getRun'>
export type RunSummary = Answer<'listRuns'>['items'][number]
export type RunStatus = RunSummary['status']
export type Step = Run['steps'][number]
export type RunReport = Run['report']
export type RunEvent = ReturnType<Client['watchRun']> extends AsyncGenerator<infer Event> ? Event : never
export type Submission = Parameters<Client['submitWorkItem']>[0]['body']
