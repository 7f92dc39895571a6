import { Access } from './access.ts'
import { DecisionService } from './decisions.ts'
import { PeopleService } from './people.ts'
import { RecordService } from './records.ts'
import { RunService } from './runs.ts'
import type { StudioServices } from './studio-services.ts'
import { WorkItemService } from './work-items.ts'

/** What clients can do, each for the caller that every method is given. */
export interface Services {
  readonly people: PeopleService
  readonly workItems: WorkItemService
  readonly runs: RunService
  readonly decisions: DecisionService
  readonly records: RecordService
}

export function createServices(below: StudioServices): Services {
  const access = new Access(below)
  const runs = new RunService(below, access)
  return {
    people: new PeopleService(below),
    workItems: new WorkItemService(below),
    runs,
    decisions: new DecisionService(below, runs),
    records: new RecordService(below, access, runs),
  }
}
