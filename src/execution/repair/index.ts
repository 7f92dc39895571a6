export { repair } from './repair.ts'
export { barinel, dstar, formulas, localise, ochiai, tarantula } from './localisation/index.ts'
export type { Localisation, SuspicionFormula } from './localisation/index.ts'
export { gatherVocabulary } from './evidence/index.ts'
export type { Vocabulary } from './evidence/index.ts'
export { generate, templates } from './generation/index.ts'
export type { CandidatePool, Template } from './generation/index.ts'
export { createRanker } from './ranking/index.ts'
export { openValidation, validationErrors, workerBinds } from './validation/index.ts'
export type { Validation, ValidationMode, ValidationSetup } from './validation/index.ts'
export type {
  Candidate,
  CandidateOutcome,
  CoverageSpectrum,
  Explanation,
  JudgedCandidate,
  RankedCandidate,
  Ranker,
  RecentChange,
  RepairAttempts,
  RepairBudget,
  RepairOutcome,
  RepairPorts,
  RepairProblem,
  RepairProgress,
  Reproduction,
  SourceFile,
  Suspect,
  TestCoverage,
  TextEdit,
  TextRange,
  ValidationBudget,
  Validator,
} from './model.ts'
