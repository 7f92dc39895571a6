export type { EvidenceBundle } from './bundle.ts'

export { exportEvidence } from './export.ts'

export { engineStory } from './run-story.ts'

export { verifyEvidence } from './verify.ts'
