import type { Repository } from '~/sandbox/git/repository'
import type { RunService } from '~/sandbox/runs/run-service'
import type { RunStore } from '~/sandbox/runs/run-store'
import type { Variables } from '~/sandbox/state/variables'

/** Where things are reachable: `api` ends in `/api/v3`, `web` is the origin of the pages. Neither ends in a slash. */
export interface Urls {
  readonly api: string
  readonly web: string
}

export interface ApiDeps {
  readonly urls: Urls
  readonly repository: Repository
  readonly store: RunStore
  readonly runs: RunService
  readonly variables: Variables
}
