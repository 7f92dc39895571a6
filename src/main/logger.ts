import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { pino, type Logger as PinoLogger } from 'pino'
import type { Logger } from '../kernel/index.ts'

/** JSON lines in `<data directory>/logs/studio.log`, readable by the owner alone. */
export function createFileLogger(dataDirectory: string): Logger {
  const directory = path.join(dataDirectory, 'logs')
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  return adapt(
    pino(
      { base: { pid: process.pid } },
      pino.destination({ dest: path.join(directory, 'studio.log'), sync: true }),
    ),
  )
}

function adapt(logger: PinoLogger): Logger {
  return {
    log: (level, fields, message) => {
      logger[level](fields, message)
    },
    child: (fields) => adapt(logger.child(fields)),
  }
}
