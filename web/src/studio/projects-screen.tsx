import { useState } from 'react'
import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { FolderGit2 } from 'lucide-react'
import { studio, useMay } from '../api/index.ts'
import { useSearchParameters } from '../app/search-parameters.ts'
import {
  Age,
  Button,
  buttonClass,
  Dialog,
  EmptyState,
  ErrorNote,
  Facts,
  Page,
  plural,
  principalName,
  Section,
  Tag,
  TextArea,
  TextField,
  useAnnouncer,
} from '../ui/index.ts'
import { Loaded, Row, Soft, Split, Stack } from '../panels/index.ts'
import { projectsQuery, type Project } from '../project/index.ts'

/** Repositories that belong together, with roles and a budget of their own. */
export function ProjectsScreen() {
  const { values } = useSearchParameters()
  const query = useInfiniteQuery(projectsQuery)
  const [creating, setCreating] = useState(false)
  const mayCreate = useMay({ inTenant: 'create-project' })
  const create = mayCreate === true && (
    <Button look="primary" onClick={() => setCreating(true)}>
      New project
    </Button>
  )
  return (
    <Page
      title="Projects"
      lead="A project holds repositories that belong together. Roles and budgets can be given for one project alone."
      actions={create}
    >
      <Loaded query={query}>
        {({ pages }) => {
          const projects = pages.flatMap(({ items }) => items)
          const chosen = projects.find(({ id }) => id === values['project']) ?? projects[0]
          return chosen === undefined ? (
            <EmptyState icon={FolderGit2} title="No projects yet" actions={create}>
              <p>Make one for each team or product, and give people roles in it.</p>
            </EmptyState>
          ) : (
            <Split
              label="Projects"
              parameter="project"
              chosen={values['project']}
              items={projects.map(({ id, name, repositories, archived }) => ({
                id,
                title: name,
                note: plural(repositories.length, 'repository', 'repositories'),
                beside: archived ? <Tag>archived</Tag> : undefined,
              }))}
            >
              <ProjectDetail key={chosen.id} project={chosen} />
            </Split>
          )
        }}
      </Loaded>
      <Dialog open={creating} onClose={() => setCreating(false)} title="New project">
        <ProjectForm project={undefined} onDone={() => setCreating(false)} />
      </Dialog>
    </Page>
  )
}

function ProjectDetail({ project }: { readonly project: Project }) {
  const { id, name, description, repositories, archived, createdAt, createdBy, may } = project
  const [editing, setEditing] = useState(false)
  const cache = useQueryClient()
  const { say } = useAnnouncer()
  const archive = useMutation({
    mutationFn: () => studio.changeProject({ params: { projectId: id }, body: { archived: !archived } }),
    onSuccess: async () => {
      await cache.invalidateQueries(projectsQuery)
      say(archived ? `${name} takes work again.` : `${name} takes no new work.`)
    },
  })
  return (
    <Section title={name} beside={archived && <Tag>archived</Tag>}>
      <Stack>
        {description !== '' && <Soft>{description}</Soft>}
        <Facts
          facts={[
            ['Id', <code key="id">{id}</code>],
            ['Made', <Age key="made" time={createdAt} />],
            ['By', principalName(createdBy)],
          ]}
        />
        <div>
          <h3>Repositories</h3>
          {repositories.length === 0 ? (
            <Soft>None is entered.</Soft>
          ) : (
            <ul>
              {repositories.map((repository) => (
                <li key={repository}>
                  <code>{repository}</code>
                </li>
              ))}
            </ul>
          )}
        </div>
        {archive.isError && <ErrorNote error={archive.error} />}
        <Row>
          {may.includes('change-project') && (
            <>
              <Button onClick={() => setEditing(true)}>Change</Button>
              <Button busy={archive.isPending} onClick={() => archive.mutate()}>
                {archived ? 'Take work again' : 'Archive'}
              </Button>
            </>
          )}
          {may.includes('read-budget') && (
            <Link to={`/budgets?project=${id}`} className={buttonClass('quiet')}>
              Its spending
            </Link>
          )}
        </Row>
      </Stack>
      <Dialog open={editing} onClose={() => setEditing(false)} title={`Change ${name}`}>
        <ProjectForm project={project} onDone={() => setEditing(false)} />
      </Dialog>
    </Section>
  )
}

function ProjectForm({
  project,
  onDone,
}: {
  readonly project: Project | undefined
  readonly onDone: () => void
}) {
  const [name, setName] = useState(project?.name ?? '')
  const [description, setDescription] = useState(project?.description ?? '')
  const [repositories, setRepositories] = useState(project?.repositories.join('\n') ?? '')
  const cache = useQueryClient()
  const save = useMutation({
    mutationFn: () => {
      const lines = repositories.split('\n').map((line) => line.trim())
      const body = { name, description, repositories: lines.filter((line) => line !== '') }
      return project === undefined
        ? studio.createProject({ body })
        : studio.changeProject({ params: { projectId: project.id }, body })
    },
    onSuccess: async () => {
      await cache.invalidateQueries(projectsQuery)
      onDone()
    },
  })
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        save.mutate()
      }}
    >
      <Stack>
        <TextField
          label="Name"
          autoFocus
          required
          maxLength={200}
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
        <TextArea
          label="Description"
          rows={2}
          maxLength={4000}
          value={description}
          onChange={(event) => setDescription(event.target.value)}
        />
        <TextArea
          label="Repositories"
          hint="One to a line: paths on the studio’s machine, or addresses that git understands."
          placeholder="/srv/git/appointments.git"
          value={repositories}
          onChange={(event) => setRepositories(event.target.value)}
        />
        {save.isError && <ErrorNote error={save.error} />}
        <div>
          <Button look="primary" type="submit" busy={save.isPending} disabled={name.trim() === ''}>
            {project === undefined ? 'Make the project' : 'Save'}
          </Button>
        </div>
      </Stack>
    </form>
  )
}
