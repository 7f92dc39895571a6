import { describe, expect, it } from 'vitest'
import { matchStrokes, nameStroke, type Shortcut } from './shortcut.ts'

const stroke = { ctrlKey: false, metaKey: false, altKey: false }
const shortcut = (keys: string, does = keys): Shortcut => ({
  keys,
  does,
  group: 'Test',
  run: () => undefined,
})

describe('the name of a stroke', () => {
  it('is the key, with mod for Ctrl and ⌘ alike', () => {
    expect(nameStroke({ ...stroke, key: 'J' })).toBe('j')
    expect(nameStroke({ ...stroke, key: '?' })).toBe('?')
    expect(nameStroke({ ...stroke, key: 'k', ctrlKey: true })).toBe('mod+k')
    expect(nameStroke({ ...stroke, key: 'Enter', metaKey: true })).toBe('mod+enter')
  })

  it('is nothing for a modifier by itself, nor with Alt, which types characters', () => {
    expect(nameStroke({ ...stroke, key: 'Shift' })).toBeUndefined()
    expect(nameStroke({ ...stroke, key: 'l', altKey: true })).toBeUndefined()
  })
})

describe('strokes', () => {
  it('wait for the rest of a sequence and then find it', () => {
    const shortcuts = [shortcut('g i'), shortcut('j')]
    expect(matchStrokes(shortcuts, ['g'])).toEqual({ shortcut: undefined, pending: true })
    expect(matchStrokes(shortcuts, ['g', 'i']).shortcut?.keys).toBe('g i')
    expect(matchStrokes(shortcuts, ['g', 'j'])).toEqual({ shortcut: undefined, pending: false })
  })

  it('mean what was registered last, so that a dialog goes before its page', () => {
    const shortcuts = [shortcut('a', 'page'), shortcut('a', 'dialog')]
    expect(matchStrokes(shortcuts, ['a']).shortcut?.does).toBe('dialog')
  })
})
