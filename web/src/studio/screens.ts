import { Bot, Boxes, BrainCircuit, FolderGit2, HeartPulse, Workflow } from 'lucide-react'
import type { Screen } from '../app/screen.ts'

export const studioScreens: readonly Screen[] = [
  {
    path: '/agents',
    title: 'Agents',
    needs: { inSomeProject: 'read-studio' },
    load: async () => (await import('./agents-screen.tsx')).AgentsScreen,
    navigation: { section: 'Studio', icon: Bot, key: 'g', words: 'prompts instructions grants' },
  },
  {
    path: '/workflows',
    title: 'Workflows',
    needs: { inSomeProject: 'read-studio' },
    load: async () => (await import('./workflows/workflows-screen.tsx')).WorkflowsScreen,
    navigation: { section: 'Studio', icon: Workflow, key: 'w', words: 'steps diagram yaml draft' },
  },
  {
    path: '/workflows/$name',
    title: 'Workflow',
    needs: { inSomeProject: 'read-studio' },
    load: async () => (await import('./workflows/workflow-screen.tsx')).WorkflowScreen,
  },
  {
    path: '/tools',
    title: 'Tools',
    needs: { inSomeProject: 'read-studio' },
    load: async () => (await import('./tools/tools-screen.tsx')).ToolsScreen,
    navigation: { section: 'Studio', icon: Boxes, key: 'o', words: 'mcp servers quarantine schemas' },
  },
  {
    path: '/models',
    title: 'Models',
    needs: { inTenant: 'read-studio' },
    load: async () => (await import('./models/models-screen.tsx')).ModelsScreen,
    navigation: {
      section: 'Studio',
      icon: BrainCircuit,
      key: 'm',
      words: 'routes prices canary weights circuits',
    },
  },
  {
    path: '/projects',
    title: 'Projects',
    load: async () => (await import('./projects-screen.tsx')).ProjectsScreen,
    navigation: { section: 'Studio', icon: FolderGit2, key: 'j', words: 'repositories archive' },
  },
  {
    path: '/health',
    title: 'Health',
    needs: { inTenant: 'read-operations' },
    load: async () => (await import('./health-screen.tsx')).HealthScreen,
    navigation: {
      section: 'Studio',
      icon: HeartPulse,
      key: 'h',
      words: 'doctor checks load processes metrics',
    },
  },
]
