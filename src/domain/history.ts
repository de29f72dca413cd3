import type { DeployAccount } from '~/domain/deploy-account'

/** One line of a surface's history. */
export interface PastDeploy {
  readonly id: string
  readonly status: string
  readonly terminal: boolean
  readonly headline: DeployAccount['headline']
  readonly shipped: DeployAccount['shipped']
  readonly failureDetail: string | null
  readonly ref: string
  readonly sha: string | null
  readonly reason: string | null
  readonly kind: string
  readonly requestedBy: string
  readonly approvedBy: string | null
  readonly requestedAt: string
  readonly finishedAt: string | null
}

export interface HistoryPage {
  readonly surface: {
    readonly id: string
    readonly name: string
    readonly environment: string
    readonly url: string
    /** No longer declared: it keeps its history, and cannot ship. */
    readonly archived: boolean
    /** The commit it runs by the newest evidence; null when nothing proves one. */
    readonly runs: string | null
  }
  readonly deploys: readonly PastDeploy[]
  /** Pass as `cursor` for older deploys; null when there are none. */
  readonly nextCursor: string | null
}
