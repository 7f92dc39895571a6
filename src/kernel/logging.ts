type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** The logging port: structured fields first, then a sentence. Adapters live in `src/main`. */
export interface Logger {
  log(level: LogLevel, fields: Readonly<Record<string, unknown>>, message: string): void
  child(fields: Readonly<Record<string, unknown>>): Logger
}

export const silentLogger: Logger = {
  log: () => undefined,
  child: () => silentLogger,
}
