export { actsOfRun, outputOfAct } from './act-records.ts'
export type { ActRecord } from './act-records.ts'
export type { Intention } from './authorisation.ts'
export { createAdministration } from './administration.ts'
export type { Administration } from './administration.ts'

export { CircuitBreaker, defaultCircuitBreaker } from './circuit-breaker.ts'
export type { CircuitBreakerOptions } from './circuit-breaker.ts'
export { createDoor } from './door.ts'
export type { Door } from './door.ts'

export { doorMigrations } from './migrations.ts'

export type { ActRequest } from './request.ts'

export { Standings } from './standings.ts'

export { redactText } from './redaction.ts'
