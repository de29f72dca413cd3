/** One request as the load generator sends it, and the status that counts as success. */
export interface LoadRequest {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly expect: number
}

/** One SQL statement as the product's own code sent it to PostgreSQL. */
export interface Statement {
  readonly text: string
  readonly values: readonly unknown[]
  readonly name?: string
}

/**
 * Work for the load process. A lane is done in order (the callbacks of one deploy); lanes are shared out among
 * `concurrency` workers, each with a connection of its own. `warmUp` lanes come first and are not counted.
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
      readonly concurrency: number
      readonly warmUp: number
      /** Lane → transaction → statement, BEGIN and COMMIT included. */
      readonly lanes: readonly (readonly (readonly Statement[])[])[]
    }

export interface LoadResult {
  readonly count: number
  readonly seconds: number
  /** Per second. */
  readonly rate: number
  readonly p50: number
  readonly p99: number
}

export function summarise(latencies: readonly number[], seconds: number): LoadResult {
  const sorted = latencies.toSorted((a, b) => a - b)
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN
  return { count: sorted.length, seconds, rate: sorted.length / seconds, p50: at(0.5), p99: at(0.99) }
}
