import { queryOptions } from '@tanstack/react-query'
import { studio, type Answer } from '../api/index.ts'

export type Agent = Answer<'listAgents'>['items'][number]
export type Tool = Answer<'listTools'>['items'][number]
export type ToolServer = Answer<'listToolServers'>['items'][number]
export type ModelOverview = Answer<'getModels'>
export type WorkflowDetail = Answer<'getWorkflow'>
export type Health = Answer<'getHealth'>

export const agentsQuery = queryOptions({
  queryKey: ['agents'],
  queryFn: ({ signal }) => studio.listAgents({ signal }),
})

export const toolsQuery = queryOptions({
  queryKey: ['tools'],
  queryFn: ({ signal }) => studio.listTools({ signal }),
})

export const toolServersQuery = queryOptions({
  queryKey: ['tool-servers'],
  queryFn: ({ signal }) => studio.listToolServers({ signal }),
})

/** Circuits open and close by themselves, so this is asked again while it is looked at. */
export const modelsQuery = queryOptions({
  queryKey: ['models'],
  queryFn: ({ signal }) => studio.getModels({ signal }),
  refetchInterval: 10_000,
})

export const workflowsQuery = queryOptions({
  queryKey: ['workflows'],
  queryFn: ({ signal }) => studio.listWorkflows({ signal }),
})

export function workflowQuery(name: string) {
  return queryOptions({
    queryKey: ['workflows', name],
    queryFn: ({ signal }) => studio.getWorkflow({ params: { name }, signal }),
  })
}

/** What is wrong with a text as it is being written. */
export function workflowCheckQuery(name: string, text: string) {
  return queryOptions({
    queryKey: ['workflow-check', name, text],
    queryFn: ({ signal }) => studio.checkWorkflow({ params: { name }, body: { text }, signal }),
    enabled: text.trim() !== '',
    staleTime: Infinity,
    gcTime: 60_000,
    placeholderData: (before) => before,
  })
}

export const healthQuery = queryOptions({
  queryKey: ['health'],
  queryFn: ({ signal }) => studio.getHealth({ signal }),
  refetchInterval: 15_000,
})

export const flowQuery = queryOptions({
  queryKey: ['flow'],
  queryFn: ({ signal }) => studio.getFlow({ signal }),
})
