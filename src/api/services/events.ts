import type { Caller } from '../../contracts/index.ts'
import type { Access } from './access.ts'
import { EventFeed, type FeedEvent } from './feed.ts'
import type { CoreServices } from './studio-services.ts'

/** What happens in all runs that somebody may see. */
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
    return this.#feed.watch(await this.#access.readProjects(caller), after, signal)
  }
}
