export { traceAct } from './tracer.ts'
export { traceModelCall } from './model-span.ts'
