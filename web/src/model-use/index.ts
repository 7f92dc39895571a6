export { MemberModelUse } from './member-model-use.tsx'
