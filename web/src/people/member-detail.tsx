import { useState } from 'react'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { X } from 'lucide-react'
import { studio, useMay } from '../api/index.ts'
import {
  Age,
  Button,
  buttonClass,
  Choice,
  Dialog,
  ErrorNote,
  Facts,
  plural,
  Section,
  Tag,
  useAnnouncer,
} from '../ui/index.ts'
import { MemberModelUse } from '../model-use/index.ts'
import { projectName, useProjects } from '../project/index.ts'
import { Row, Secret, Soft, Stack } from '../panels/index.ts'
import { peopleQuery, type Member } from './queries.ts'
import { rolesInOrder, roleWords, type Role } from './role-words.ts'
import styles from './member-detail.module.css'

/** One person or service: who they are, their roles, and what ends their access. */
export function MemberDetail({
  member,
  self,
  mayManage,
}: {
  readonly member: Member
  readonly self: boolean
  readonly mayManage: boolean
}) {
  const { id, kind, disabled, onBehalfOf, createdAt, lastSeenAt } = member
  const mayReadBudget = useMay({ inTenant: 'read-budget' })
  const mayAudit = useMay({ inTenant: 'read-audit' })
  return (
    <>
      <Section title={member.name} beside={disabled ? <Tag tone="warn">disabled</Tag> : <Tag>{kind}</Tag>}>
        <Facts
          facts={[
            ['Id', <code key="id">{id}</code>],
            ...(onBehalfOf === null
              ? []
              : [['Answered for by', <code key="for">{onBehalfOf}</code>] as const]),
            ['Since', <Age key="since" time={createdAt} />],
            ['Last seen', lastSeenAt === null ? 'never' : <Age key="seen" time={lastSeenAt} />],
          ]}
        />
      </Section>
      <Roles member={member} mayManage={mayManage} />
      {mayManage && (
        <Section title="Access">
          <Access member={member} self={self} />
        </Section>
      )}
      {mayReadBudget === true && <MemberModelUse key={id} id={id} name={member.name} />}
      {mayAudit === true && (
        <Link to="/audit" search={{ principal: id }} className={buttonClass('quiet')}>
          What {self ? 'you' : member.name} did, in the audit log
        </Link>
      )}
    </>
  )
}

/** Keeps a list of people as the studio has it after a change. */
function useMemberChange<Input>(change: (input: Input) => Promise<unknown>, done: string) {
  const cache = useQueryClient()
  const { say } = useAnnouncer()
  return useMutation({
    mutationFn: change,
    onSuccess: async () => {
      await cache.invalidateQueries(peopleQuery)
      say(done)
    },
  })
}

interface GivenRole {
  readonly role: Role
  readonly project: string | undefined
}

function Roles({
  member: { id: memberId, roles, projectRoles },
  mayManage,
}: {
  readonly member: Member
  readonly mayManage: boolean
}) {
  const projects = useProjects()
  const [project, setProject] = useState('')
  const [role, setRole] = useState<Role>('viewer')
  const where = ({ project: only }: GivenRole) => (only === undefined ? {} : { project: only })
  const give = useMemberChange(
    (given: GivenRole) => studio.giveRole({ params: { memberId, role: given.role }, query: where(given) }),
    'The role is given.',
  )
  const take = useMemberChange(
    (given: GivenRole) => studio.takeRole({ params: { memberId, role: given.role }, query: where(given) }),
    'The role is removed.',
  )
  const given: readonly GivenRole[] = [
    ...roles.map((each) => ({ role: each, project: undefined })),
    ...Object.entries(projectRoles).flatMap(([only, some]) =>
      some.map((each) => ({ role: each, project: only })),
    ),
  ]
  const error = give.error ?? take.error
  return (
    <Section title="Roles">
      <Stack>
        {given.length === 0 ? (
          <Soft>No role: nothing can be read or done with this identity yet.</Soft>
        ) : (
          <ul className={styles['roles']}>
            {given.map((each) => (
              <li key={`${each.role} ${each.project ?? ''}`}>
                <strong>{each.role}</strong>
                <span>
                  {each.project === undefined ? 'everywhere' : `in ${projectName(projects, each.project)}`}
                </span>
                <span className={styles['words']}>{roleWords[each.role]}</span>
                {mayManage && (
                  <Button
                    look="quiet"
                    icon={<X size={14} aria-hidden />}
                    aria-label={`Remove the role ${each.role}${each.project === undefined ? '' : ` in ${each.project}`}`}
                    busy={take.isPending && take.variables === each}
                    onClick={() => take.mutate(each)}
                  >
                    Remove
                  </Button>
                )}
              </li>
            ))}
          </ul>
        )}
        {mayManage && (
          <form
            onSubmit={(event) => {
              event.preventDefault()
              give.mutate({ role, project: project === '' ? undefined : project })
            }}
          >
            <Row align="end">
              <Choice
                label="Role"
                value={role}
                choices={rolesInOrder.map((each) => [each, `${each} — ${roleWords[each]}`])}
                onChange={(value) => setRole(rolesInOrder.find((each) => each === value) ?? 'viewer')}
              />
              <Choice
                label="Only in project"
                value={project}
                choices={[['', 'Everywhere'], ...projects.map((each) => [each.id, each.name] as const)]}
                onChange={setProject}
              />
              <Button type="submit" busy={give.isPending}>
                Give
              </Button>
            </Row>
          </form>
        )}
        {error !== null && <ErrorNote error={error} />}
      </Stack>
    </Section>
  )
}

function Access({ member, self }: { readonly member: Member; readonly self: boolean }) {
  const { id: memberId, kind, disabled, name } = member
  const [asking, setAsking] = useState<'disable' | 'revoke'>()
  const { say } = useAnnouncer()
  const close = (): void => setAsking(undefined)
  const change = useMemberChange(
    (value: boolean) => studio.changePerson({ params: { memberId }, body: { disabled: value } }),
    disabled ? `${name} has access again.` : `${name} has no access any more.`,
  )
  const revoke = useMutation({
    mutationFn: () => studio.revokeCredentials({ params: { memberId } }),
    onSuccess: ({ ended }) => {
      say(`${plural(ended, 'session or token', 'sessions and tokens')} ended.`)
      close()
    },
  })
  const invite = useMutation({ mutationFn: () => studio.invitePersonAgain({ params: { memberId } }) })
  const error = change.error ?? revoke.error ?? invite.error
  return (
    <Stack>
      <Row>
        {kind === 'person' && !disabled && (
          <Button busy={invite.isPending} onClick={() => invite.mutate()}>
            New link to sign in
          </Button>
        )}
        <Button onClick={() => setAsking('revoke')}>End all sessions and tokens</Button>
        {disabled ? (
          <Button busy={change.isPending} onClick={() => change.mutate(false)}>
            Enable again
          </Button>
        ) : (
          !self && (
            <Button look="danger" onClick={() => setAsking('disable')}>
              Disable
            </Button>
          )
        )}
      </Row>
      {error !== null && <ErrorNote error={error} />}
      <Dialog
        open={asking !== undefined}
        onClose={close}
        title={asking === 'disable' ? `Disable ${name}?` : `End all sessions and tokens of ${name}?`}
        footer={
          <>
            <Button look="quiet" onClick={close}>
              Not now
            </Button>
            <Button
              look="danger"
              busy={change.isPending || revoke.isPending}
              onClick={() => {
                if (asking === 'revoke') revoke.mutate()
                else change.mutate(true, { onSuccess: close })
              }}
            >
              {asking === 'disable' ? 'Disable' : 'End them'}
            </Button>
          </>
        }
      >
        <p>
          {asking === 'disable'
            ? 'All their sessions and tokens end at once. What they did stays in the records, and they can be enabled again.'
            : 'Whoever uses one of them is signed out at once. Programs need a new token.'}
        </p>
      </Dialog>
      <Dialog open={invite.data !== undefined} onClose={() => invite.reset()} title="New link to sign in">
        {invite.data !== undefined && (
          <Secret
            secret={invite.data.link}
            label="Link to sign in"
            words={`Send this to ${name}. It works once, and the one before works no more.`}
            onDone={() => invite.reset()}
          />
        )}
      </Dialog>
    </Stack>
  )
}
