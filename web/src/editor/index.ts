export { Editor } from './editor.tsx'
export type { TextProblem } from './editor.tsx'
export { useSettled } from './settled.ts'
