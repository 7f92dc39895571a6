export { dialogGroup, KeyboardProvider, useRegisteredShortcuts, useShortcuts } from './keyboard.tsx'
export type { Shortcut } from './shortcut.ts'
