export { moveRows, moveSessions } from './move-rows.ts'
export type { MoveProgress } from './move-rows.ts'
export { refuseOtherSchema, refuseStrangers } from './schema-check.ts'
