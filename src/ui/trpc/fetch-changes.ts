/** As many deploys as one window looks at in a while; what was asked for least lately is read whole again. */
const KEPT = 20

interface Kept {
  readonly tag: string
  readonly body: string
}

/**
 * A fetch that says which version it has of what it reads again, and takes a 304 for that version (RFC 9110, 13.1). The
 * browser's own cache would do the same on the disk, where nothing of the console belongs (`no-store`).
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
    kept.delete(address) // last in a Map is last in its order
    kept.set(address, current)
    const [oldest] = kept.keys()
    if (kept.size > KEPT && oldest !== undefined) kept.delete(oldest)
    return new Response(current.body, { headers: response.headers })
  }
}

/** Null for an answer without a version, whose body is not read. */
async function readVersion(response: Response): Promise<Kept | null> {
  const tag = response.ok ? response.headers.get('etag') : null
  return tag === null ? null : { tag, body: await response.text() }
}

/** Longer than the console itself may take to answer a dispatch (15 s for GitHub, 25 s for a run id). */
const ANSWER_LIMIT_MS = 60_000

type Init = Omit<RequestInit, 'signal'> & { readonly signal?: AbortSignal | null | undefined }

/** A fetch that gives up in the end: a poll that never answers would otherwise stop the polling without a word. */
function fetchWithLimit(input: RequestInfo | URL, init?: Init): Promise<Response> {
  const limit = AbortSignal.timeout(ANSWER_LIMIT_MS)
  const signal = init?.signal == null ? limit : AbortSignal.any([init.signal, limit])
  return fetch(input, { ...init, signal })
}
