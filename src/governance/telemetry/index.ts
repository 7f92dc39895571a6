export { traceAct } from './tracer.ts'
export type { ActSpan } from './tracer.ts'
