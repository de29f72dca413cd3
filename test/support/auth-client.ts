import type { Deps } from '~/server/deps'
import { makeSetupLink } from '~/server/members/manage/links'

const ORIGIN = 'http://localhost:3000'

interface Answered {
  readonly status: number
  readonly body: unknown
  readonly headers: Headers
}

export interface Browser {
  /** The cookies the browser holds now, as a Cookie header. */
  readonly cookies: () => string
  readonly headers: () => Headers
  readonly get: (path: string) => Promise<Answered>
  readonly post: (path: string, body: unknown) => Promise<Answered>
  /** Follows a link or redirect from another site. */
  readonly follow: (url: URL) => Promise<Response>
}

/** A browser for sign-in tests: keeps cookies, starting with `cookie`, sends its origin, and calls the real route handler. */
export function browser(deps: Deps, address = '203.0.113.1', cookie?: string): Browser {
  // In a running server its guard sets the header with the client's address.
  Object.assign(globalThis, { deployConsoleDeps: deps, deployConsoleAddressHeader: 'x-test-address' })
  const jar = new Map(cookie === undefined ? [] : [split(cookie)])
  const cookies = () => [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
  const headers = () => new Headers(jar.size === 0 ? {} : { cookie: cookies() })
  const keepCookies = (answer: Response): void => {
    for (const cookie of answer.headers.getSetCookie()) {
      const [pair = ''] = cookie.split(';')
      const [name, value] = split(pair)
      if (/max-age=0/i.test(cookie)) jar.delete(name)
      else jar.set(name, value)
    }
  }
  const follow = async (url: URL) => {
    const { GET } = await import('~/app/api/auth/[...all]/route')
    const sent = { host: 'localhost:3000', 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }
    const held = jar.size === 0 ? {} : { cookie: cookies() }
    const answer = await GET(new Request(url, { headers: { ...sent, 'x-test-address': address, ...held } }))
    keepCookies(answer)
    return answer
  }
  const ask = async (method: 'GET' | 'POST', path: string, body?: unknown): Promise<Answered> => {
    const handlers = await import('~/app/api/auth/[...all]/route')
    const answer = await handlers[method](
      new Request(`${ORIGIN}/api/auth${path}`, {
        method,
        headers: {
          'content-type': 'application/json',
          host: 'localhost:3000',
          origin: ORIGIN,
          'sec-fetch-site': 'same-origin',
          'x-test-address': address,
          ...(jar.size === 0 ? {} : { cookie: cookies() }),
        },
        ...(method === 'GET' ? {} : { body: JSON.stringify(body) }),
      }),
    )
    keepCookies(answer)
    const text = await answer.text()
    return { status: answer.status, body: text === '' ? null : JSON.parse(text), headers: answer.headers }
  }
  const get = (path: string) => ask('GET', path)
  const post = (path: string, body: unknown) => ask('POST', path, body)
  return { cookies, headers, get, post, follow }
}

function split(pair: string): [name: string, value: string] {
  const at = pair.indexOf('=')
  return [pair.slice(0, at), pair.slice(at + 1)]
}

export const PASSWORD = 'correct horse battery'

/** The first admin, signed in through a setup link. */
export async function firstAdmin(deps: Deps, email = 'ada@example.com'): Promise<Browser> {
  const { path } = await makeSetupLink(deps, { sandbox: false })
  const newcomer = browser(deps)
  const token = path.slice('/setup/'.length)
  const answer = await newcomer.post('/links/accept', { token, name: 'Ada', email, password: PASSWORD })
  if (answer.status !== 200) throw new Error(`the setup link was refused: ${JSON.stringify(answer.body)}`)
  return newcomer
}
