import type { Services } from '../../services/index.ts'
import type { Handlers } from '../handler.ts'

export function demoHandlers({ demo }: Services): Pick<Handlers, 'startDemo'> {
  return {
    startDemo: ({ caller, idempotencyKey }) =>
      demo.start(caller, idempotencyKey && `demo\n${idempotencyKey}`),
  }
}
