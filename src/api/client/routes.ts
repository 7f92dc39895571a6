/** Method and path of an operation. */
export type RouteEntry = readonly [method: string, path: string, kind?: 'stream']

/** Made from `src/contracts/api` by `npm run client`. */
export const routes: Readonly<Record<string, RouteEntry>> = {
  getMe: ['GET', '/api/v1/me'],
  submitWorkItem: ['POST', '/api/v1/work-items'],
  listRuns: ['GET', '/api/v1/runs'],
  getRun: ['GET', '/api/v1/runs/{runId}'],
  watchRun: ['GET', '/api/v1/runs/{runId}/events', 'stream'],
  cancelRun: ['POST', '/api/v1/runs/{runId}/cancellation'],
  resumeRun: ['POST', '/api/v1/runs/{runId}/resumption'],
}
