import { useMemo } from 'react'
import { useNavigate } from '@tanstack/react-router'
import type { LucideIcon } from 'lucide-react'
import { Moon, ScrollText, Sun, SunMoon } from 'lucide-react'
import type { Shortcut } from '../keyboard/index.ts'
import { useRights } from '../api/index.ts'
import { screens } from '../screens.ts'
import { chooseColourScheme } from './colour-scheme.ts'

/** Something that the palette offers. */
export interface Command {
  readonly id: string
  readonly title: string
  readonly icon: LucideIcon
  /** Other words by which it is found. */
  readonly words: string
  readonly keys?: string
  readonly run: () => void
}

/** Everything that can be done from anywhere: go to each screen that one may see, and choose the colours. */
export function useCommands(): readonly Command[] {
  const navigate = useNavigate()
  const may = useRights()
  return useMemo(
    () => [
      ...screens.flatMap(({ path, title, needs, navigation }) =>
        navigation === undefined || may?.(needs) === false
          ? []
          : {
              id: path,
              title: `Go to ${title}`,
              icon: navigation.icon,
              words: `${navigation.section} ${navigation.words ?? ''}`,
              keys: `g ${navigation.key}`,
              run: () => void navigate({ to: path }),
            },
      ),
      {
        id: 'documentation',
        title: 'Read the documentation',
        icon: ScrollText,
        words: 'help docs manual reference',
        run: () => window.location.assign('/docs/'),
      },
      ...(
        [
          ['light', 'Light colours', Sun],
          ['dark', 'Dark colours', Moon],
          ['system', 'Colours of the system', SunMoon],
        ] as const
      ).map(([scheme, title, icon]) => ({
        id: `scheme-${scheme}`,
        title,
        icon,
        words: 'theme appearance mode scheme',
        run: () => chooseColourScheme(scheme),
      })),
    ],
    [navigate, may],
  )
}

/** The keys of the commands that have some. */
export function shortcutsOf(commands: readonly Command[]): readonly Shortcut[] {
  return commands.flatMap(({ keys, title, run }) =>
    keys === undefined ? [] : { keys, does: title, group: 'Go', run },
  )
}
