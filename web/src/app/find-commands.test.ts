import { Moon } from 'lucide-react'
import { describe, expect, it } from 'vitest'
import type { Command } from './commands.ts'
import { findCommands, isAbout } from './find-commands.ts'

const command = (title: string, words = ''): Command => ({
  ...{ id: title, title, words, icon: Moon },
  run: () => undefined,
})

describe('what the palette finds', () => {
  it('begins with every word that was typed, in the title before other words', () => {
    const commands = [command('Go to Runs', 'work history'), command('Show history'), command('Dark colours')]
    expect(findCommands(commands, 'hist').map(({ title }) => title)).toEqual(['Show history', 'Go to Runs'])
    expect(findCommands(commands, 'show colours')).toEqual([])
    expect(findCommands(commands, '')).toHaveLength(3)
  })

  it('of runs is what holds every word in any order, or the text in its id', () => {
    const run = { id: 'run_01m81gy5xc', title: 'Back-to-back appointments are refused' }
    expect(isAbout(run, 'REFUSED appoint')).toBe(true)
    expect(isAbout(run, 'refused bookings')).toBe(false)
    expect(isAbout(run, '81gy5')).toBe(true)
  })
})
