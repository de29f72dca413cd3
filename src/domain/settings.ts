import type { WorkerState } from '~/domain/worker'

/** What admins see of how a console is set up. Never a secret, and never the value of a variable. */
export interface SettingsView {
  readonly version: string
  /** Null if it is not known. */
  readonly commit: string | null
  readonly isSandbox: boolean
  readonly consoleUrl: string
  readonly github: {
    readonly apiUrl: string
    readonly credentials: 'token' | 'app'
    readonly webhooks: boolean
  }
  readonly worker: WorkerState
  readonly inProcessWorker: boolean
  /** Null: log lines and deliveries are kept for ever. */
  readonly logRetentionDays: number | null
  /** The names of providers, besides password and passkey. */
  readonly providers: readonly string[]
  readonly channels: readonly {
    readonly id: string
    readonly kind: string
    readonly name: string
    readonly enabled: boolean
  }[]
  readonly variables: readonly {
    readonly name: string
    readonly isSecret: boolean
    readonly source: 'environment' | 'file' | 'not set'
  }[]
}
