/** Longer than the console itself may take to answer a dispatch (15 s for GitHub, 25 s for a run id). */
const ANSWER_LIMIT_MS = 60_000

export type Init = Omit<RequestInit, 'signal'> & { readonly signal?: AbortSignal | null | undefined }

/** A fetch that gives up in the end: a poll that never answers would otherwise stop the polling without a word. */
export function fetchWithLimit(input: RequestInfo | URL, init?: Init): Promise<Response> {
  const limit = AbortSignal.timeout(ANSWER_LIMIT_MS)
  const signal = init?.signal == null ? limit : AbortSignal.any([init.signal, limit])
  return fetch(input, { ...init, signal })
}
