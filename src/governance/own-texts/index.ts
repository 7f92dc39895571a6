export { ownTextMigrations } from './migrations.ts'
export { createOwnTexts } from './own-texts.ts'
export type { OwnText, OwnTextDraft, OwnTexts, OwnTextServices, OwnTextVerdict } from './own-texts.ts'
