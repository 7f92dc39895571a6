export { EscalationView, RunFindings } from './overview.tsx'
