import { connect, type DatabaseTarget } from '../../store/index.ts'
import { indexCommit } from './index.ts'
import type { TenantScope } from './scope.ts'
import { manyFiles, ScratchSource } from './scratch-source.ts'

/** A process that indexes, to be killed or raced by a test: says each time that something was stored, and `done`. */
interface Orders {
  readonly target: DatabaseTarget
  readonly scope: TenantScope
  readonly location: string
  readonly files: number
}

const { target, scope, location, files } = JSON.parse(process.argv[2] ?? '') as Orders
const database = await connect(target)
const source = new ScratchSource(location)
await indexCommit(database, scope, {
  source,
  revision: source.commit('c1', manyFiles(files)),
  onProgress: () => process.stdout.write('stored\n'),
})
process.stdout.write('done\n')
await database.close()
