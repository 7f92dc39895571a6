import { createClient, type Client } from '../../../src/api/client/index.ts'

/** The studio that served this page. */
export const studio: Client = createClient({ baseUrl: '' })

/** What an operation answers. */
export type Answer<Id extends keyof Client> = Awaited<ReturnType<Client[Id]>>
type EventOf<Id extends keyof Client> =
  ReturnType<Client[Id]> extends AsyncGenerator<infer Event> ? Event : never

export type Run = Answer<'getRun'>
export type RunSummary = Answer<'listRuns'>['items'][number]
export type RunQuery = NonNullable<NonNullable<Parameters<Client['listRuns']>[0]>['query']>
export type Step = Run['steps'][number]
export type RunReport = Run['report']
export type RunEvent = EventOf<'watchRun'>
export type InboxItem = Answer<'listInbox'>['items'][number]
export type Decision = Parameters<Client['decideApproval']>[0]['body']
export type Change = Answer<'getChange'>
export type Comment = Answer<'listComments'>['items'][number]
export type TestComparison = Answer<'getTests'>
export type TestReport = NonNullable<TestComparison['before']>
export type Span = Answer<'getTrace'>['spans'][number]
export type Act = Answer<'listActs'>['items'][number]
export type Preview = Answer<'previewWorkItem'>
export type Submission = Parameters<Client['submitWorkItem']>[0]['body']
