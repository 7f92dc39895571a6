import childProcess, { ChildProcess } from 'node:child_process'
import { Readable, Writable } from 'node:stream'

import { reportFault } from './settling.ts'

/** Thrown where the program under test wants to end the process. */
class ExitCalled extends Error {
  override readonly name = 'ExitCalled'

  constructor(code: unknown) {
    super(`the program ended the process with ${JSON.stringify(code ?? 0)}`)
  }
}

export interface ProcessGuard {
  /** Ends this process for real. */
  exit(code: number): never
  /** Processes started since the last call; those still running are ended. */
  endChildren(): number
}

/**
 * Keeps what tests and candidates do from reaching the worker: its standard streams, its end, and errors that nobody
 * catches, which are handed to the test that is running.
 */
export function isolateProcess(): ProcessGuard {
  const exit = process.exit.bind(process)
  Object.defineProperty(process, 'stdout', { value: createSink(1), configurable: true, writable: true })
  Object.defineProperty(process, 'stderr', { value: createSink(2), configurable: true, writable: true })
  Object.defineProperty(process, 'stdin', { value: Readable.from([]), configurable: true, writable: true })
  for (const name of ['log', 'info', 'debug', 'warn', 'error', 'trace', 'dir', 'table'] as const) {
    Object.defineProperty(console, name, {
      value: () => undefined,
      configurable: true,
      writable: true,
      enumerable: true,
    })
  }
  const refuse = (code?: unknown): never => {
    throw new ExitCalled(code)
  }
  for (const name of ['exit', 'reallyExit', 'abort']) Reflect.set(process, name, refuse)
  const kill = process.kill.bind(process)
  process.kill = (pid, signal) => (pid === process.pid || pid === 0 ? refuse(signal) : kill(pid, signal))
  process.on('uncaughtException', (error) => void reportFault(error))
  process.on('unhandledRejection', (error) => void reportFault(error))
  process.on('SIGTERM', () => undefined)
  const children = watchChildren()
  return {
    exit: (code) => exit(code),
    endChildren() {
      for (const child of children.running.splice(0)) {
        if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
      }
      const { started } = children
      children.started = 0
      return started
    },
  }
}

function createSink(descriptor: number): Writable {
  const sink = new Writable({
    write(_chunk, _encoding, callback) {
      callback()
    },
  })
  return Object.assign(sink, { fd: descriptor, isTTY: false })
}

interface Children {
  readonly running: ChildProcess[]
  started: number
}

/** Notes every process that is started, through whichever function. */
function watchChildren(): Children {
  const children: Children = { running: [], started: 0 }
  const prototype = ChildProcess.prototype as unknown as {
    spawn: (this: ChildProcess, options: unknown) => unknown
  }
  const { spawn } = prototype
  prototype.spawn = function (options) {
    children.running.push(this)
    children.started += 1
    return spawn.call(this, options)
  }
  for (const name of ['spawnSync', 'execSync', 'execFileSync'] as const) {
    const original = childProcess[name] as (...parameters: unknown[]) => unknown
    Reflect.set(childProcess, name, (...parameters: unknown[]) => {
      children.started += 1
      return original(...parameters)
    })
  }
  return children
}
