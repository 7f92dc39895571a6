export { createStudio } from './studio-service.ts'
export type { StudioServices } from './studio-service.ts'
export type { AuditReport, Decision, Page, Studio } from './studio.ts'
