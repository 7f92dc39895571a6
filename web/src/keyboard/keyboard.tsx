import { createContext, use, useEffect, useId, useLayoutEffect, useMemo, useRef, type ReactNode } from 'react'
import { matchStrokes, nameStroke, type Shortcut } from './shortcut.ts'

/** Milliseconds within which the next key of a sequence has to come. */
const patience = 1200

interface Keyboard {
  /** What an owner offers from now on. */
  readonly offer: (owner: string, shortcuts: readonly Shortcut[]) => void
  readonly withdraw: (owner: string) => void
  readonly registered: () => readonly Shortcut[]
}

const KeyboardContext = createContext<Keyboard | undefined>(undefined)

/** Keys that type text belong to the field that has the focus; only chords with Ctrl or ⌘ go through. */
function typesText(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable ||
      target instanceof HTMLTextAreaElement ||
      target instanceof HTMLSelectElement ||
      (target instanceof HTMLInputElement && !['checkbox', 'radio', 'button'].includes(target.type)))
  )
}

/** While a dialog is open, only its own keys work; they are registered under this group. */
export const dialogGroup = 'In this dialog'

/** Listens to the keyboard for everything inside. */
export function KeyboardProvider({ children }: { readonly children: ReactNode }) {
  const owners = useRef(new Map<string, readonly Shortcut[]>())

  useEffect(() => {
    let strokes: readonly string[] = []
    let lastAt = 0
    const listen = (event: KeyboardEvent): void => {
      const stroke = nameStroke(event)
      if (stroke === undefined || event.defaultPrevented) return
      if (typesText(event.target) && !stroke.startsWith('mod+')) return
      strokes = event.timeStamp - lastAt < patience ? [...strokes, stroke] : [stroke]
      lastAt = event.timeStamp
      const all = [...owners.current.values()].flat()
      const modal = document.querySelector('dialog[open]') !== null
      const eligible = modal ? all.filter(({ group }) => group === dialogGroup) : all
      let found = matchStrokes(eligible, strokes)
      if (found.shortcut === undefined && !found.pending && strokes.length > 1) {
        strokes = [stroke]
        found = matchStrokes(eligible, strokes)
      }
      if (!found.pending) strokes = []
      if (found.shortcut === undefined) return
      event.preventDefault()
      found.shortcut.run()
    }
    document.addEventListener('keydown', listen)
    return () => document.removeEventListener('keydown', listen)
  }, [])

  const keyboard = useMemo<Keyboard>(
    () => ({
      offer: (owner, shortcuts) => void owners.current.set(owner, shortcuts),
      withdraw: (owner) => void owners.current.delete(owner),
      registered: () => [...owners.current.values()].flat(),
    }),
    [],
  )
  return <KeyboardContext value={keyboard}>{children}</KeyboardContext>
}

function useKeyboard(): Keyboard {
  const keyboard = use(KeyboardContext)
  if (keyboard === undefined) throw new Error('useShortcuts needs a KeyboardProvider around it')
  return keyboard
}

/** Makes keys work while the component that calls this is shown. */
export function useShortcuts(shortcuts: readonly Shortcut[]): void {
  const { offer, withdraw } = useKeyboard()
  const owner = useId()
  // With every rendering and before it is seen, so that a shortcut does what the page shows just now.
  useLayoutEffect(() => offer(owner, shortcuts))
  useEffect(() => () => withdraw(owner), [owner, withdraw])
}

/** Every shortcut that works at the moment of the call, in the order in which they came. */
export function useRegisteredShortcuts(): () => readonly Shortcut[] {
  return useKeyboard().registered
}
