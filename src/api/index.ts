export type { AuditReport, Decision, EvidenceReport, Page, Studio } from './studio.ts'
