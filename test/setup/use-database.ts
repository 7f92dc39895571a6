import { inject } from 'vitest'
import { useSharedServer } from '../../src/testing/server-offer.ts'

useSharedServer(inject('databaseOffer'))
