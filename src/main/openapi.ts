import { loadServing } from '../api/index.ts'
import { operations } from '../contracts/api/index.ts'
import { productVersion, readConfiguration } from './configuration.ts'

const { openApiDocument } = await loadServing()
const document = openApiDocument(Object.values(operations), productVersion(readConfiguration()))
process.stdout.write(`${JSON.stringify(document, null, 2)}\n`)
