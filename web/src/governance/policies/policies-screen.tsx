import { lazy, Suspense, useState } from 'react'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { ScrollText } from 'lucide-react'
import { useMay, useRights } from '../../api/index.ts'
import { useSearchParameters } from '../../app/search-parameters.ts'
import {
  Button,
  buttonClass,
  Dialog,
  Digest,
  EmptyState,
  Facts,
  Page,
  Section,
  Skeleton,
  Status,
  Tabs,
  Tag,
  TextField,
} from '../../ui/index.ts'
import { Loaded, Row, Source, Split, Stack } from '../../panels/index.ts'
import { OwnPolicyList } from './own-policy-list.tsx'
import { policiesQuery, type Policy } from './queries.ts'
import { ShippedTests } from './shipped-tests.tsx'

const ShippedWhatIf = lazy(async () => ({ default: (await import('./shipped-what-if.tsx')).ShippedWhatIf }))

const tabs = [
  { id: 'in-force', label: 'In force' },
  { id: 'own', label: 'Our own' },
  { id: 'tests', label: 'Tests' },
] as const

/** Every rule that decides what people, agents and services may do. */
export function PoliciesScreen() {
  const { values } = useSearchParameters()
  const current = tabs.find(({ id }) => id === values['view'])?.id ?? 'in-force'
  const mayDraft = useMay({ inTenant: 'draft-policy' })
  const [naming, setNaming] = useState(false)
  return (
    <Page
      title="Policies"
      lead="What no policy permits is refused. A policy of your own can forbid more, and never permit what a guardrail forbids."
      actions={
        mayDraft === true && (
          <Button look="primary" onClick={() => setNaming(true)}>
            New policy
          </Button>
        )
      }
      bar={<Tabs label="Views of policies" tabs={tabs} current={current} />}
    >
      {current === 'own' ? <OwnPolicyList /> : current === 'tests' ? <ShippedTests /> : <InForce />}
      <Dialog open={naming} onClose={() => setNaming(false)} title="New policy">
        <NewPolicy />
      </Dialog>
    </Page>
  )
}

function InForce() {
  const { values } = useSearchParameters()
  const query = useQuery(policiesQuery)
  return (
    <Loaded query={query}>
      {({ policies, digest }) => {
        const chosen = policies.find(({ id }) => id === values['policy']) ?? policies[0]
        return (
          <Split
            label="Policies"
            parameter="policy"
            chosen={values['policy']}
            items={policies.map(({ id, source, text }) => ({
              id,
              title: id.slice(id.indexOf('/') + 1).replaceAll('-', ' '),
              group: source,
              beside:
                effectOf(text) === 'forbid' ? <Tag tone="warn">forbids</Tag> : <Tag tone="good">permits</Tag>,
            }))}
          >
            {chosen === undefined ? (
              <EmptyState icon={ScrollText} title="No policy is in force">
                <p>Without any, everything is refused.</p>
              </EmptyState>
            ) : (
              <PolicyText key={chosen.id} policy={chosen} digest={digest} />
            )}
          </Split>
        )
      }}
    </Loaded>
  )
}

/** Whether a Cedar policy permits or forbids. */
function effectOf(text: string): 'permit' | 'forbid' {
  return /^\s*forbid\b/m.test(text) ? 'forbid' : 'permit'
}

function PolicyText({ policy, digest }: { readonly policy: Policy; readonly digest: string }) {
  const { id, text, source, line, shipped } = policy
  const [asking, setAsking] = useState(false)
  const may = useRights()
  return (
    <Section title={id} beside={<Tag>{shipped ? 'shipped' : 'our own'}</Tag>}>
      <Stack>
        <Facts
          facts={[
            ['Written in', <code key="source">{`${source}:${line}`}</code>],
            [
              'Version of all policies',
              <Digest key="digest" value={digest} label="digest of all policies" />,
            ],
          ]}
        />
        <Source label={`Text of ${id}`} text={text} from={line} />
        <Row>
          {!shipped ? (
            <Link to="/policies/$name" params={{ name: source }} className={buttonClass()}>
              {may?.({ inTenant: 'draft-policy' }) === true ? 'Change it' : 'Its versions'}
            </Link>
          ) : (
            may?.({ inTenant: 'simulate-policies' }) === true && (
              <Button aria-expanded={asking} onClick={() => setAsking(!asking)}>
                What if it were otherwise?
              </Button>
            )
          )}
          {may?.({ inTenant: 'read-audit' }) === true && (
            <Link to="/audit" search={{ text: id }} className={buttonClass('quiet')}>
              What it decided, in the audit log
            </Link>
          )}
        </Row>
        {asking && (
          <Suspense fallback={<Skeleton lines={4} />}>
            <ShippedWhatIf policy={policy} />
          </Suspense>
        )}
      </Stack>
    </Section>
  )
}

const namePattern = /^[a-z][a-z0-9-]{0,63}$/

function NewPolicy() {
  const [name, setName] = useState('')
  const navigate = useNavigate()
  const isGood = namePattern.test(name)
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        if (isGood) void navigate({ to: `/policies/${name}` })
      }}
    >
      <Stack>
        <TextField
          label="Name"
          autoFocus
          placeholder="no-publishing-at-night"
          hint="What it is about. It begins the id of each rule in it."
          problem={
            name === '' || isGood ? undefined : 'Use small letters, digits and dashes, a letter first.'
          }
          maxLength={64}
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
        <Status status="draft" word="Nothing changes before another person approves it." />
        <div>
          <Button look="primary" type="submit" disabled={!isGood}>
            Write it
          </Button>
        </div>
      </Stack>
    </form>
  )
}
