import type { ComponentType } from 'react'
import type { LucideIcon } from 'lucide-react'
import type { Need } from '../api/index.ts'

export type NavigationSection = 'Work' | 'Governance' | 'Studio'

/**
 * One screen: its address, the code that is loaded when it is opened, and its place in the navigation. The palette and the
 * `g` keys come from the same entry.
 */
export interface Screen {
  /** Path with parameters as the router has them: `/runs/$runId`. */
  readonly path: string
  readonly title: string
  readonly load: () => Promise<ComponentType>
  /** What one has to be permitted to be shown it; absent where everybody with a role is. */
  readonly needs?: Need
  /** Only for screens that stand in the navigation. */
  readonly navigation?: {
    readonly section: NavigationSection
    readonly icon: LucideIcon
    /** Pressed after `g`: a letter of its own. */
    readonly key: string
    /** Other words by which the palette finds it. */
    readonly words?: string
  }
}
