export { traceAct } from './tracer.ts'
