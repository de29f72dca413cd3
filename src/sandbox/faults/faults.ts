import { z } from 'zod'

/**
 * One disturbance of the REST API, for tests of what depends on it. `endpoint` is a method and the documented path below
 * the repository, e.g. `POST /actions/workflows/:workflow/dispatches`; `after` lets the endpoint do its work first.
 */
export const faultSchema = z.object({
  endpoint: z.string().min(1),
  times: z.number().int().min(1).max(1000).default(1),
  kind: z.enum(['status', 'delay', 'drop']),
  status: z.number().int().min(400).max(599).default(500),
  delayMs: z.number().int().min(0).max(120_000).default(0),
  after: z.boolean().default(false),
})

export type Fault = z.infer<typeof faultSchema>

export interface Faults {
  readonly add: (fault: Fault) => void
  readonly clear: () => void
  readonly pending: () => readonly Fault[]
  /** The next disturbance of an endpoint, counted down. */
  readonly take: (endpoint: string) => Fault | undefined
}

/** Kept in memory only: a restart of the sandbox is always healthy. */
export const createFaults = (): Faults => {
  let faults: Fault[] = []
  return {
    add: (fault) => {
      faults = [...faults, fault]
    },
    clear: () => {
      faults = []
    },
    pending: () => faults,
    take: (endpoint) => {
      const found = faults.find((fault) => fault.endpoint === endpoint)
      if (!found) return undefined
      faults = faults
        .map((fault) => (fault === found ? { ...fault, times: fault.times - 1 } : fault))
        .filter(({ times }) => times > 0)
      return found
    },
  }
}
