export { AnnouncementProvider, useAnnouncer } from './announcements.tsx'
export { Button, buttonClass } from './button.tsx'
export { Dialog } from './dialog.tsx'
export { Choice, TextArea, TextField } from './field.tsx'
export { FilterBar } from './filter-bar.tsx'
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
export { Columns, Row, Soft, Stack } from './layout.tsx'
export { Loaded } from './loaded.tsx'
export { Meter } from './meter.tsx'
export { useNow } from './now.ts'
export { Facts, Page, Section } from './page.tsx'
export { PlainTable } from './plain-table.tsx'
export type { PlainColumn } from './plain-table.tsx'
export { Secret } from './secret.tsx'
export { Source, SourceDiff } from './source.tsx'
export { Split } from './split.tsx'
export type { SplitItem } from './split.tsx'
export { EmptyState, ErrorNote, ErrorState, Skeleton } from './states.tsx'
export { faceOf, Status, Tag } from './status.tsx'
export type { Tone } from './status.tsx'
export { Tabs } from './tabs.tsx'
export { TextDecision } from './text-decision.tsx'
export { Age, CopyButton, Digest, Duration, Money } from './values.tsx'
