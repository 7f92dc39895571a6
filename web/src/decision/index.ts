export { DecisionBar } from './decision-bar.tsx'
