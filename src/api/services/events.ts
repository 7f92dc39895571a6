import type { Caller } from '../../contracts/index.ts'
import { type Access, projectResource } from './access.ts'
import { EventFeed, type FeedEvent } from './feed.ts'
import type { CoreServices } from './studio-services.ts'

/** What happens in all runs of a tenant. */
export class EventService {
  readonly #access: Access
  readonly #feed: EventFeed

  constructor(services: CoreServices, access: Access) {
    this.#access = access
    this.#feed = new EventFeed(services)
  }

  /** Events behind a position, or from now on, until the signal is aborted. @throws ATL_DOOR_DENIED */
  async watch(
    caller: Caller,
    after: string | undefined,
    signal: AbortSignal,
  ): Promise<AsyncIterable<FeedEvent>> {
    const intention = { action: 'read-project', resource: projectResource(caller) } as const
    return this.#feed.watch(await this.#access.assertReading(caller, intention), after, signal)
  }
}
