/** One request of the load generator, and the status that counts as success. */
export interface LoadRequest {
  readonly method: 'GET' | 'POST' | 'OPTIONS'
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly expect: number
  /** Sent once this request is answered; both are timed as one. */
  readonly followedBy?: LoadRequest
}

/** One SQL statement as the product's own code sent it to PostgreSQL. */
export interface Statement {
  readonly text: string
  readonly values: readonly unknown[]
  readonly name?: string
}

/**
 * Work for the load process. The requests of a lane are sent in order (the callbacks of one deploy); lanes are distributed over
 * `concurrency` workers with one connection each. The first `warmUp` lanes are not counted.
 */
export type LoadJob =
  | {
      readonly kind: 'http'
      readonly origin: string
      readonly concurrency: number
      readonly warmUp: number
      readonly lanes: readonly (readonly LoadRequest[])[]
    }
  | {
      readonly kind: 'sql'
      readonly url: string
      /** Jobs with the same name share connections, because PostgreSQL caches table metadata per connection. */
      readonly connections: string
      readonly concurrency: number
      readonly warmUp: number
      /** Lanes of transactions of statements, including BEGIN and COMMIT. */
      readonly lanes: readonly (readonly (readonly Statement[])[])[]
    }

/** The result of one run of the load process: the milliseconds of each piece of work, and the seconds for all. */
export interface Measured {
  readonly latencies: readonly number[]
  readonly seconds: number
}

export interface LoadResult {
  /** Per second. */
  readonly rate: number
  /** Milliseconds. */
  readonly p50: number
  readonly p99: number
}

export function summarise(runs: readonly Measured[]): LoadResult {
  const latencies = runs.flatMap((run) => run.latencies)
  const seconds = runs.reduce((sum, run) => sum + run.seconds, 0)
  return { rate: latencies.length / seconds, p50: percentileOf(latencies, 0.5), p99: percentileOf(latencies, 0.99) }
}

/** The percentile for this share of the values; NaN if there are none. */
export function percentileOf(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN
}
