export { AnnouncementProvider, useAnnouncer } from './announcements.tsx'
export { Button, buttonClass } from './button.tsx'
export { Dialog } from './dialog.tsx'
export { useDraft } from './draft.ts'
export { Choice, TextArea, TextField } from './field.tsx'
export {
  formatDuration,
  formatMoment,
  formatMoney,
  formatNumber,
  formatShortNumber,
  plural,
  principalName,
  repositoryName,
} from './format.ts'
export { Keys } from './keys.tsx'
export { LongText } from './long-text.tsx'
export { useNow } from './now.ts'
export { Facts, Page, Section } from './page.tsx'
export { EmptyState, ErrorNote, ErrorState, Skeleton } from './states.tsx'
export { faceOf, Status, Tag } from './status.tsx'
export type { Tone } from './status.tsx'
export { Tabs } from './tabs.tsx'
export { Age, CopyButton, Digest, Duration, Money } from './values.tsx'
