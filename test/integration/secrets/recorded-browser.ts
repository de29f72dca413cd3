/** Every body that the console answered, by request. */
export interface RecordedAnswer {
  readonly what: string
  readonly text: string
  /** Names of the secrets that this answer hands out. */
  readonly gives: readonly string[]
}

/** A browser as the console sees it: keeps cookies and sends its origin. Records every answer. */
export function recordedBrowser(url: string, answers: RecordedAnswer[]) {
  const jar = new Map<string, string>()

  async function ask(address: string, init: RequestInit = {}, gives: readonly string[] = []): Promise<Response> {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
    const headers = {
      origin: url,
      'sec-fetch-site': 'same-origin',
      ...(cookie === '' ? {} : { cookie }),
      ...init.headers,
    }
    const answer = await fetch(`${url}${address}`, { redirect: 'manual', ...init, headers })
    for (const set of answer.headers.getSetCookie()) keep(set)
    const body = await answer.text()
    const what = `${init.method ?? 'GET'} ${address} ${answer.status}`
    answers.push({ what, text: `${JSON.stringify([...answer.headers])}\n${body}`, gives })
    return new Response(body === '' ? null : body, { status: answer.status, headers: answer.headers })
  }

  function keep(cookie: string): void {
    const [pair = ''] = cookie.split(';')
    const at = pair.indexOf('=')
    if (/max-age=0/i.test(cookie)) jar.delete(pair.slice(0, at))
    else jar.set(pair.slice(0, at), pair.slice(at + 1))
  }

  /** Returns the answer, and throws unless its status is 200. */
  async function post(address: string, body: unknown, gives: readonly string[] = []): Promise<unknown> {
    const headers = { 'content-type': 'application/json' }
    const answer = await ask(address, { method: 'POST', headers, body: JSON.stringify(body) }, gives)
    const text = await answer.text()
    if (answer.status !== 200) throw new Error(`${address} was answered ${answer.status}: ${text}`)
    return text === '' ? null : JSON.parse(text)
  }

  return {
    ask,
    post,
    /** Calls a mutation and returns its result. */
    mutate: async (procedure: string, input: unknown, gives: readonly string[] = []): Promise<unknown> =>
      Object(Object(await post(`/api/trpc/${procedure}`, input, gives)).result).data,
    /** The signed cookie of the session, and the token in it. */
    session: () => {
      const cookie = decodeURIComponent(jar.get('console.session_token') ?? '')
      return { cookie, token: cookie.split('.')[0] ?? '' }
    },
    forget: () => jar.clear(),
  }
}
