import { openApiDocument, operations } from '../contracts/api/index.ts'
import { productVersion, readConfiguration } from './configuration.ts'

const document = openApiDocument(Object.values(operations), productVersion(readConfiguration()))
process.stdout.write(`${JSON.stringify(document, null, 2)}\n`)
