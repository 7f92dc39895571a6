export { ownTextMigrations } from './migrations.ts'
export { createOwnTexts } from './own-texts.ts'
export type { OwnText, OwnTextDraft, OwnTextServices, OwnTextVerdict } from './own-texts.ts'
