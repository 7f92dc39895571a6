export { projectName, projectsQuery, useAllProjects, useProjects } from './projects.ts'
export type { Project } from './projects.ts'
