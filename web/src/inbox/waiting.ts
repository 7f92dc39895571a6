import { runsQuery } from '../api/index.ts'

/** Runs in which nothing can go on until a person decides. */
export const waitingQuery = runsQuery({ status: 'waiting' })
