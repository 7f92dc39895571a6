import type { Screen } from './app/screen.ts'
import { inboxScreens } from './inbox/screens.ts'
import { runScreens } from './run/screens.ts'
import { runsScreens } from './runs/screens.ts'
import { workScreens } from './work/screens.ts'

/** Every screen. To add one, write it and enter it in its folder's `screens.ts`; a new folder is entered here. */
export const screens: readonly Screen[] = [...inboxScreens, ...runsScreens, ...runScreens, ...workScreens]
