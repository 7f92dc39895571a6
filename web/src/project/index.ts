export { projectName, projectsQuery, useProjects } from './projects.ts'
export type { Project } from './projects.ts'
