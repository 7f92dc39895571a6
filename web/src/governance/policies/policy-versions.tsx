import { ScrollText } from 'lucide-react'
import { Age, Digest, EmptyState, Facts, principalName, Section, Status } from '../../ui/index.ts'
import { Soft, Source, Stack } from '../../panels/index.ts'
import type { OwnPolicy } from './queries.ts'

/** Every version there has been, newest first, with who wrote and who decided. */
export function PolicyVersions({ versions }: { readonly versions: readonly OwnPolicy[] }) {
  if (versions.length === 0)
    return (
      <EmptyState icon={ScrollText} title="No versions yet">
        <p>The first one is there as soon as you keep a draft.</p>
      </EmptyState>
    )
  return (
    <Stack>
      {versions.map(({ version, state, text, digest, authors, decidedBy, decidedAt, reason, changedAt }) => (
        <Section key={version} title={`Version ${version}`} beside={<Status status={state} />}>
          <Stack>
            <Facts
              facts={[
                ['Written by', authors.map(principalName).join(', ')],
                ['Changed', <Age key="changed" time={changedAt} />],
                ...(decidedBy === null || decidedAt === null
                  ? []
                  : [
                      ['Decided by', principalName(decidedBy)] as const,
                      ['Decided', <Age key="decided" time={decidedAt} />] as const,
                    ]),
                ['Digest', <Digest key="digest" value={digest} />],
              ]}
            />
            {reason !== null && reason !== '' && <Soft>“{reason}”</Soft>}
            {text.trim() === '' ? (
              <Soft>Without text: it takes the policy back.</Soft>
            ) : (
              <Source label={`Text of version ${version}`} text={text} from={1} />
            )}
          </Stack>
        </Section>
      ))}
    </Stack>
  )
}
