import type { Screen } from './app/screen.ts'
import { credentialScreens } from './credentials/screens.ts'
import { governanceScreens } from './governance/screens.ts'
import { inboxScreens } from './inbox/screens.ts'
import { modelUseScreens } from './model-use/screens.ts'
import { peopleScreens } from './people/screens.ts'
import { runScreens } from './run/screens.ts'
import { runsScreens } from './runs/screens.ts'
import { studioScreens } from './studio/screens.ts'
import { workScreens } from './work/screens.ts'

/** Every screen. To add one, write it and enter it in its folder's `screens.ts`; a new folder is entered here. */
export const screens: readonly Screen[] = [
  ...inboxScreens,
  ...runsScreens,
  ...runScreens,
  ...workScreens,
  ...governanceScreens,
  ...peopleScreens,
  ...credentialScreens,
  ...studioScreens,
  ...modelUseScreens,
]
