import { defineErrors } from '../../kernel/index.ts'

export const sandboxErrors = defineErrors('SANDBOX', {
  NO_NAMESPACES: {
    summary: 'This machine cannot isolate untrusted code',
    remedy:
      'Do what the message names for this machine, run the studio against Docker, Podman or Kubernetes, or pass ' +
      '`--sandbox none` for a repository you trust. `atelier doctor` shows the diagnosis again.',
  },
  LAYER_MISSING: {
    summary: 'A directory or file that the sandbox needs does not exist',
    remedy: 'Create it again; a layer below the data directory may have been removed by hand.',
  },
  LAYER_UNREADABLE: {
    summary: 'The unprivileged user of the sandbox cannot read a directory it needs',
    remedy:
      'Keep the data directory where every user may enter it, for example below /var/lib, or run the studio as an ' +
      'ordinary user.',
  },
  BAD_SPEC: {
    summary: 'The sandbox was asked for something impossible',
    remedy: 'Correct the named value; limits are positive integers and bind targets are absolute paths.',
  },
  BAD_COMMAND: {
    summary: 'The command cannot be run in a sandbox',
    remedy: 'Give a program and arguments without NUL bytes and a working directory inside the sandbox.',
  },
  PROGRAM_NOT_FOUND: {
    summary: 'The program does not exist inside the sandbox or may not be executed',
    remedy:
      'Install it on the host below /usr, bind its directory read-only into the sandbox and name it in PATH, or make it ' +
      'part of the project.',
  },
  LAUNCH_FAILED: {
    summary: 'The sandbox could not be started',
    remedy: 'Run `atelier doctor`; if it finds nothing, report the message together with the log.',
    retryable: true,
  },
  BUSY: {
    summary: 'A process is still running in the sandbox',
    remedy:
      'Wait until its commands have ended, or kill its long-lived processes, before freezing or rolling back.',
  },
  DESTROYED: {
    summary: 'The sandbox no longer exists',
    remedy: 'Create another one; a sandbox is not used again once it was destroyed.',
  },
  FILE_FAILED: {
    summary: 'A file inside the sandbox could not be read or written',
    remedy: 'Look at the detail; the disk limit of the sandbox may be reached or the path may be read-only.',
  },
  EXPORT_FAILED: {
    summary: 'What the sandbox wrote could not be frozen into a layer',
    remedy: 'Check that the target does not exist yet and that the disk has room.',
  },
})
