import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import { type Answer, json } from '~/sandbox/http/answer'

/**
 * One fault of the REST API, for tests of its callers. `endpoint` is a method and the documented path below the repository,
 * such as `POST /actions/workflows/:workflow/dispatches`. With `after`, the endpoint does its work before the fault.
 */
export const faultSchema = z.object({
  endpoint: z.string().min(1),
  times: z.number().int().min(1).max(1000).default(1),
  kind: z.enum(['status', 'delay', 'drop']),
  status: z.number().int().min(400).max(599).default(500),
  delayMs: z.number().int().min(0).max(120_000).default(0),
  after: z.boolean().default(false),
})

type Fault = z.infer<typeof faultSchema>

export interface Faults {
  readonly add: (fault: Fault) => void
  readonly clear: () => void
  readonly pending: () => readonly Fault[]
  /** Takes the next fault of an endpoint and counts it down. */
  readonly take: (endpoint: string) => Fault | undefined
}

/** Faults live in memory only: a restart clears them. */
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

const sentences: Readonly<Record<number, string>> = {
  403: 'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.',
  429: 'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.',
  502: 'Server Error',
  503: 'Service unavailable',
}

const faultAnswer = ({ status }: Fault): Answer => {
  const limited = status === 429 || status === 403
  const message = sentences[status] ?? 'Server Error'
  return json(
    status,
    { message, documentation_url: 'https://docs.github.com/rest', status: String(status) },
    {
      ...(limited ? { 'retry-after': '1' } : {}),
    },
  )
}

/** Gives the endpoint's answer or the fault's. `undefined` drops the connection without an answer. */
export const withFault = async (
  faults: Faults,
  endpoint: string | undefined,
  answer: () => Promise<Answer>,
): Promise<Answer | undefined> => {
  const fault = endpoint === undefined ? undefined : faults.take(endpoint)
  if (!fault) return answer()
  if (fault.kind === 'delay') {
    const answered = fault.after ? await answer() : undefined
    await delay(fault.delayMs, undefined, { ref: false })
    return answered ?? answer()
  }
  if (fault.after) await answer()
  return fault.kind === 'drop' ? undefined : faultAnswer(fault)
}
