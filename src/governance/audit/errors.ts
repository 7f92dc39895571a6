import { defineErrors } from '../../kernel/index.ts'

export const auditErrors = defineErrors('AUDIT', {
  KEY_UNREADABLE: {
    summary: 'The key that signs audit checkpoints cannot be read or written',
    remedy:
      'Give the account that runs the studio access to the keys folder of the data directory, or restore the key from a backup; do not create a new one, because old checkpoints would no longer be proven.',
  },
  CHECKPOINT_FILE: {
    summary: 'The file of audit checkpoints in the data directory cannot be written or read',
    remedy:
      'Check free space and permissions of the data directory; audit records themselves are safe in the database.',
  },
  EXPORT_INVALID: {
    summary: 'The file is not an exported audit log',
    remedy: 'Export the log again and check that the file was copied as a whole.',
  },
  UNKNOWN_RECORD: {
    summary: 'There is no such audit record',
    remedy: 'Take the sequence number from the list of records.',
  },
})
