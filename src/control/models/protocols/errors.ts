import { defineErrors } from '../../../kernel/index.ts'

export const protocolErrors = defineErrors('PROTOCOL', {
  REQUEST_INVALID: {
    summary: 'The request is not what the protocol allows',
    remedy: 'Correct the field that is named and send the request again.',
  },
  UNSUPPORTED: {
    summary: 'The request asks for something that cannot be passed on to this model',
    remedy: 'Leave it out, or name a model whose provider speaks the protocol of the request.',
  },
})
