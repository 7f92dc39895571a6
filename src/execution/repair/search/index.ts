export { continueFrom } from './continuation.ts'
export { Search } from './search.ts'

export { isAccepted } from './verdict.ts'
