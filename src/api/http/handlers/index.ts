import type { Services } from '../../services/index.ts'
import type { Handlers } from '../handler.ts'
import { identityHandlers } from './identity.ts'
import { runHandlers } from './runs.ts'
import { workItemHandlers } from './work-items.ts'

/** A handler for every operation. */
export function createHandlers(services: Services): Handlers {
  return { ...identityHandlers(services), ...runHandlers(services), ...workItemHandlers(services) }
}
