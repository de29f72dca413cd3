/** More than one window shows at a time. The least recently requested address is dropped. */
const KEPT = 20

interface Kept {
  readonly tag: string
  readonly body: string
}

/**
 * A fetch that sends the version it has and accepts a 304 for it (RFC 9110, 13.1). The browser's own cache would write
 * to disk, which `no-store` forbids.
 */
export function createFetchChanges() {
  const kept = new Map<string, Kept>()
  return async (input: RequestInfo | URL, init: Init = {}): Promise<Response> => {
    if (init.method !== 'GET') return fetchWithLimit(input, init)
    const address = String(input)
    const known = kept.get(address)
    const headers = new Headers(init.headers)
    if (known !== undefined) headers.set('if-none-match', known.tag)
    const response = await fetchWithLimit(input, { ...init, headers })
    const current = response.status === 304 && known !== undefined ? known : await readVersion(response)
    if (current === null) return response
    kept.delete(address) // a Map keeps insertion order
    kept.set(address, current)
    const [oldest] = kept.keys()
    if (kept.size > KEPT && oldest !== undefined) kept.delete(oldest)
    return new Response(current.body, { headers: response.headers })
  }
}

/** Null for an answer without a version. Its body is not read. */
async function readVersion(response: Response): Promise<Kept | null> {
  const tag = response.ok ? response.headers.get('etag') : null
  return tag === null ? null : { tag, body: await response.text() }
}

/** Longer than the console may take to answer a dispatch (15 s for GitHub, 25 s for a run id). */
const ANSWER_LIMIT_MS = 60_000

type Init = Omit<RequestInit, 'signal'> & { readonly signal?: AbortSignal | null | undefined }

/** A fetch with a timeout: a poll that never answers would otherwise silently end polling. */
function fetchWithLimit(input: RequestInfo | URL, init?: Init): Promise<Response> {
  const limit = AbortSignal.timeout(ANSWER_LIMIT_MS)
  const signal = init?.signal == null ? limit : AbortSignal.any([init.signal, limit])
  return fetch(input, { ...init, signal })
}
