/** Every body the console answered with, by what was asked. */
export interface RecordedAnswer {
  readonly what: string
  readonly text: string
  /** Secrets it is there to give to who asked, by name. */
  readonly gives: readonly string[]
}

/** A browser as far as a running console sees one: keeps cookies, sends its origin; and keeps every answer. */
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

  /** Gives what was answered; throws unless it is 200. */
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
    /** A mutation of tRPC; gives its result. */
    mutate: async (procedure: string, input: unknown, gives: readonly string[] = []): Promise<unknown> =>
      Object(Object(Object(await post(`/api/trpc/${procedure}`, { json: input }, gives)).result).data).json,
    /** The session's cookie as it was signed, and the token in it. */
    session: () => {
      const cookie = decodeURIComponent(jar.get('console.session_token') ?? '')
      return { cookie, token: cookie.split('.')[0] ?? '' }
    },
    forget: () => jar.clear(),
  }
}
