import type { PrincipalId, ProjectId } from '../../../kernel/index.ts'
import type { Services } from '../../services/index.ts'
import type { Handlers } from '../handler.ts'

type PeopleHandlers = Pick<
  Handlers,
  | 'listPeople'
  | 'getPerson'
  | 'invitePerson'
  | 'invitePersonAgain'
  | 'createServiceIdentity'
  | 'changePerson'
  | 'giveRole'
  | 'takeRole'
>
type Member = Awaited<ReturnType<Services['directory']['get']>>

export function peopleHandlers({ directory, linkOf }: Services): PeopleHandlers {
  return {
    listPeople: async ({ caller, query }) => {
      const { items, next } = await directory.list(caller, query)
      return { items: items.map(view), next }
    },
    getPerson: async ({ caller, params }) => view(await directory.get(caller, idOf(params))),
    invitePerson: async ({ caller, body }) => {
      const id = `person:${body.handle}` as PrincipalId
      const { member, code } = await directory.invite(caller, { id, name: body.name })
      return { member: view(member), link: linkOf(code) }
    },
    invitePersonAgain: async ({ caller, params }) => ({
      link: linkOf(await directory.inviteAgain(caller, idOf(params))),
    }),
    createServiceIdentity: async ({ caller, body }) =>
      view(
        await directory.createService(caller, {
          id: `service:${body.handle}` as PrincipalId,
          name: body.name,
          answeredForBy: body.answeredForBy as PrincipalId,
        }),
      ),
    changePerson: async ({ caller, params, body }) =>
      view(await directory.setDisabled(caller, idOf(params), body.disabled)),
    giveRole: async ({ caller, params, query }) =>
      view(
        await directory.giveRole(caller, {
          ...roleOf(params),
          projectId: query.project as ProjectId | undefined,
        }),
      ),
    takeRole: async ({ caller, params, query }) =>
      view(
        await directory.takeRole(caller, {
          ...roleOf(params),
          projectId: query.project as ProjectId | undefined,
        }),
      ),
  }
}

function idOf({ memberId }: { readonly memberId: string }): PrincipalId {
  return memberId as PrincipalId
}

function roleOf({ memberId, role }: { readonly memberId: string; readonly role: Member['roles'][number] }) {
  return { memberId: memberId as PrincipalId, role }
}

function view({ createdAt, lastSeenAt, ...member }: Member) {
  return { ...member, createdAt: createdAt.toISOString(), lastSeenAt: lastSeenAt?.toISOString() ?? null }
}
