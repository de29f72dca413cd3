import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { Agent, getGlobalDispatcher, setGlobalDispatcher } from 'undici'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { readConfig } from '~/server/platform/config'
import { connectThroughProxies } from '~/server/platform/connect-through-proxies'
import { checkAddress, failureOf, guardedPost } from '~/server/platform/guarded-post'
import { type Proxies, proxyFor } from '~/server/platform/proxy-settings'
import { type ConnectProxy, startConnectProxy } from '~test/support/connect-proxy'

const PROXY = 'http://proxy.example.com:3128'

describe('the settings of the proxies', () => {
  const proxies = (env: Record<string, string>) => readConfig(env).proxies

  it('are read under the names that other programs use, in capitals first', () => {
    expect(proxies({})).toEqual({ https: undefined, http: undefined, bypass: [] })
    expect(proxies({ https_proxy: 'proxy.example.com:3128', no_proxy: 'a.example.com, .b.example.com' })).toEqual({
      https: PROXY,
      http: undefined,
      bypass: ['a.example.com', '.b.example.com'],
    })
    expect(proxies({ HTTP_PROXY: PROXY, http_proxy: 'http://other.example.com' })).toMatchObject({
      https: PROXY,
      http: PROXY,
    })
  })

  it.each([
    'socks5://u:hunter2@proxy.example.com',
    'http://u:hunter2%zz@proxy.example.com',
    'http://%f%:hunter2@proxy.example.com',
  ])('are refused by name if they are no http(s) URL with a readable account, without the password: %s', (url) => {
    const read = () => readConfig({ HTTPS_PROXY: url })
    expect(read).toThrow(/HTTPS_PROXY must be an http\(s\) URL .*; example: http:\/\/proxy\.example\.com:3128/)
    expect(read).not.toThrow('hunter2')
  })

  it.each([
    ['https://api.github.com/repos', '', true],
    ['https://api.github.com/repos', '*', false],
    ['https://api.github.com/repos', 'github.com', false],
    ['https://notgithub.com/', 'github.com', true],
    ['https://github.com./', '.github.com', false],
    ['https://api.github.com/', '*.GitHub.com', false],
    ['https://api.github.com/', 'github.com:443', false],
    ['https://api.github.com:8443/', 'github.com:443', true],
    ['https://10.1.2.3/', '10.0.0.0/8', false],
    ['https://11.1.2.3/', '10.0.0.0/8', true],
    ['https://10.1.2.3:8080/', '10.1.2.3:8080', false],
    ['https://[2001:db8::1]/', '2001:db8::/32', false],
    ['https://[2001:db8::1]/', '[2001:db8::1]', false],
    ['https://localhost:3000/', '', false],
    ['https://127.8.9.10/', '', false],
    ['https://[::1]/', '', false],
    ['https://api.localhost/', '', false],
  ])('reach %s with NO_PROXY=%s through the proxy: %s', (address, bypass, proxied) => {
    expect(proxyFor(proxies({ HTTPS_PROXY: PROXY, NO_PROXY: bypass }), address)).toBe(proxied ? PROXY : undefined)
  })
})

describe('through a proxy', () => {
  const received: string[] = []
  const receiver = createServer((request, response) => {
    received.push(`${request.method} ${request.headers.host}${request.url}`)
    response.end('taken')
  })
  /** Its certificate is never shown: the name that the client asks for ends the handshake. */
  const names: string[] = []
  const secure = createTlsServer({
    SNICallback: (name, done) => {
      names.push(name)
      done(new Error('no certificate'))
    },
  })
  const portOf = (server: { address(): AddressInfo | string | null }) => (server.address() as AddressInfo).port
  let proxy: ConnectProxy
  let through: Proxies
  const before = getGlobalDispatcher()
  beforeAll(async () => {
    secure.on('tlsClientError', () => undefined)
    receiver.listen(0, '127.0.0.1')
    secure.listen(0, '127.0.0.1')
    await Promise.all([once(receiver, 'listening'), once(secure, 'listening')])
  })
  beforeEach(async () => {
    proxy = await startConnectProxy()
    through = { https: proxy.url, http: proxy.url, bypass: ['direct.example.com'] }
    received.length = 0
    names.length = 0
    return async () => {
      setGlobalDispatcher(before)
      await proxy.close()
    }
  })
  afterAll(() => {
    receiver.close()
    secure.close()
  })

  describe('fetch of the whole process', () => {
    it('asks the proxy for names, which this machine need not resolve', async () => {
      await connectThroughProxies(through)
      const answer = await fetch(`http://internal.example:${portOf(receiver)}/path?x=1`, { method: 'POST', body: 'b' })
      expect(await answer.text()).toBe('taken')
      expect(proxy.asked).toEqual([`POST http://internal.example:${portOf(receiver)}/path?x=1`])
      expect(received).toEqual([`POST internal.example:${portOf(receiver)}/path?x=1`])
    })

    it('asks for a tunnel to an https address, in which TLS names the host', async () => {
      await connectThroughProxies(through)
      await expect(fetch(`https://api.example.com:${portOf(secure)}/`)).rejects.toThrow('fetch failed')
      expect(proxy.asked).toEqual([`CONNECT api.example.com:${portOf(secure)}`])
      expect(names).toEqual(['api.example.com'])
    })

    it('shows the proxy the credentials of its URL', async () => {
      await connectThroughProxies({ ...through, http: proxy.url.replace('//', '//ada:p%40ss@') })
      await fetch(`http://internal.example:${portOf(receiver)}/`)
      expect(proxy.credentials).toEqual([`Basic ${Buffer.from('ada:p@ss').toString('base64')}`])
    })

    it('reaches this machine, and a name of NO_PROXY, without the proxy', async () => {
      await connectThroughProxies(through)
      expect((await fetch(`http://127.0.0.1:${portOf(receiver)}/`)).status).toBe(200)
      await expect(fetch('http://direct.example.com:1/')).rejects.toThrow('fetch failed')
      expect(proxy.asked).toEqual([])
    })

    it('is left alone if no proxy is set', async () => {
      setGlobalDispatcher(new Agent())
      const dispatcher = getGlobalDispatcher()
      await connectThroughProxies({ https: undefined, http: undefined, bypass: [] })
      expect(getGlobalDispatcher()).toBe(dispatcher)
    })
  })

  describe('a post to an address that a person entered', () => {
    const post = { headers: {}, body: 'hello' }
    const resolvesTo = (address: string) =>
      ((_name: string, _options: object, done: (error: null, found: object[]) => void) =>
        done(null, [{ address, family: 4 }])) as never

    it('asks the proxy for the address that was checked, so that the proxy cannot be led to another one', async () => {
      const rule = { allowPrivate: false, proxies: through, resolve: resolvesTo('93.184.215.14') }
      await expect(guardedPost(`https://hooks.example.com:${portOf(secure)}/x`, post, rule)).rejects.toThrow()
      expect(proxy.asked).toEqual([`CONNECT 93.184.215.14:${portOf(secure)}`])
      expect(names).toEqual(['hooks.example.com'])
    })

    it('is refused without asking the proxy if the name has a private address', async () => {
      const rule = { allowPrivate: false, proxies: through, resolve: resolvesTo('10.0.0.7') }
      const url = 'https://internal.example.com/'
      await expect(guardedPost(url, post, rule)).rejects.toMatchObject({ cause: { code: 'ADDRESS_REFUSED' } })
      await expect(checkAddress(url, rule)).rejects.toMatchObject({ code: 'ADDRESS_REFUSED' })
      await expect(guardedPost('https://10.0.0.7/', post, rule)).rejects.toMatchObject({ code: 'ADDRESS_REFUSED' })
      expect(proxy.asked).toEqual([])
    })

    it('leaves the name to the proxy if private addresses are allowed', async () => {
      const resolve = (() => expect.unreachable('DNS was asked')) as never
      const rule = { allowPrivate: true, proxies: through, resolve }
      const url = `http://internal.example:${portOf(receiver)}/`
      await checkAddress(url, rule)
      expect((await guardedPost(url, post, rule)).text).toBe('taken')
      expect(received).toEqual([`POST internal.example:${portOf(receiver)}/`])
    })

    it.each([
      ['refuses the connection', 403, (url: string) => url, '403'],
      ['is not reachable', undefined, () => 'http://127.0.0.1:1', 'ECONNREFUSED'],
    ])('was not sent if the proxy %s', async (_, refusal, urlOf, why) => {
      proxy.refusal = refusal
      const proxies = { ...through, https: urlOf(proxy.url) }
      const rule = { allowPrivate: false, proxies, resolve: resolvesTo('93.184.215.14') }
      const error = await guardedPost('https://hooks.example.com/', post, rule).catch((caught: Error) => caught)
      expect(failureOf(error as Error, 'Slack')).toEqual({
        kind: 'not_sent',
        lasting: false,
        status: null,
        reason: `the proxy did not connect to Slack (${why})`,
      })
    })

    it('is refused in plain HTTP, in which nothing proves where the proxy sent it', async () => {
      const rule = { allowPrivate: false, proxies: through, resolve: resolvesTo('93.184.215.14') }
      await expect(guardedPost('http://hooks.example.com/', post, rule)).rejects.toThrow('plain HTTP')
      expect(proxy.asked).toEqual([])
    })

    it('shows the proxy the credentials of its URL', async () => {
      const proxies = { ...through, https: proxy.url.replace('//', '//ada:p%40ss@') }
      await expect(
        guardedPost(`https://hooks.example.com:${portOf(secure)}/`, post, { allowPrivate: true, proxies }),
      ).rejects.toThrow()
      expect(proxy.credentials).toEqual([`Basic ${Buffer.from('ada:p@ss').toString('base64')}`])
      expect(proxy.asked).toEqual([`CONNECT hooks.example.com:${portOf(secure)}`])
    })
  })
})
