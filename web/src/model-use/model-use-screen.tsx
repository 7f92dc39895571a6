import { useQuery } from '@tanstack/react-query'
import { Loaded, Soft } from '../panels/index.ts'
import { Page, Section } from '../ui/index.ts'
import { PointClient } from './point-client.tsx'
import { ownModelUseQuery } from './queries.ts'
import { UseOfToday } from './use-of-today.tsx'

/** One's own use of models at the gateway: what is left of today, and how a client comes to it. */
export function ModelUseScreen() {
  const query = useQuery(ownModelUseQuery)
  return (
    <Page
      title="Model use"
      lead="Your editor and your scripts can ask the studio’s models in your name, on an account of the day."
    >
      <Section title="Today">
        <Loaded query={query} lines={3}>
          {(use) => <UseOfToday use={use} />}
        </Loaded>
      </Section>
      <Section title="Point a client at it">
        <PointClient />
      </Section>
      <Soft>
        <a href="/docs/gateway">The model gateway</a> says what it does with a call, and what its errors mean.
      </Soft>
    </Page>
  )
}
