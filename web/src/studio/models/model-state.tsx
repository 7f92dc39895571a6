import { formatDuration, Status, Tag } from '../../ui/index.ts'
import type { ModelOverview } from '../queries.ts'

/** Whether a model can be asked now: in a word, with what is in the way. */
export function ModelState({
  model: { obstacle, restingMs, retiredAt },
}: {
  readonly model: ModelOverview['models'][number]
}) {
  if (restingMs !== null)
    return (
      <Status
        status="escalated"
        word={`Rests for ${formatDuration(Math.ceil(restingMs / 1000))}: it kept failing`}
      />
    )
  if (retiredAt !== null && obstacle === null) return <Tag tone="warn">{`retires ${retiredAt}`}</Tag>
  return obstacle === null ? (
    <Status status="passed" word="Can be asked" />
  ) : (
    <Status status="skipped" word={obstacle} />
  )
}
