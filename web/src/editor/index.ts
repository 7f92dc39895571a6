export { Editor } from './editor.tsx'
export { useSettled } from './settled.ts'
