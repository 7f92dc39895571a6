import type { Services } from '../../services/index.ts'
import type { Handlers } from '../handler.ts'

export function modelUseHandlers({
  modelUse,
}: Pick<Services, 'modelUse'>): Pick<Handlers, 'getOwnModelUse' | 'getModelUse'> {
  return {
    getOwnModelUse: ({ caller }) => modelUse.ofCaller(caller),
    getModelUse: ({ caller, params }) => modelUse.of(caller, params.memberId),
  }
}
