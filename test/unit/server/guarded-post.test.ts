import type { lookup } from 'node:dns'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { AddressRefused, checkAddress, failureOf, guardedPost, isPublicAddress } from '~/server/platform/guarded-post'

const server = createServer((request, response) => {
  requests.push(request.headers.host ?? '')
  request.resume()
  if (request.url === '/endless') {
    response.writeHead(200)
    const more = () => response.writable && response.write('x'.repeat(65_536), () => setImmediate(more))
    more()
  } else if (request.url === '/moved') response.writeHead(307, { location: '/elsewhere' }).end()
  else if (request.url !== '/silent') response.writeHead(200).end('taken')
})
const requests: string[] = []
let port: number
beforeAll(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  port = (server.address() as AddressInfo).port
})
beforeEach(() => {
  requests.length = 0
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

/** A DNS that gives these answers in turn. */
function names(...answers: readonly (readonly string[])[]) {
  const asked: string[] = []
  const resolve = ((host: string, _: object, done: (error: null, found: object[]) => void) => {
    asked.push(host)
    const found = answers[asked.length - 1] ?? answers.at(-1) ?? []
    done(
      null,
      found.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    )
  }) as typeof lookup
  return { asked, resolve }
}

const message = { headers: { 'content-type': 'application/json' }, body: '{}' }
const octet = fc.integer({ min: 0, max: 255 })
const rest = fc.tuple(octet, octet, octet).map((octets) => octets.join('.'))

describe('an address for deliveries', () => {
  it("cannot be one of this machine, its network, a cloud's metadata, or reserved", () => {
    const first = fc.constantFrom(0, 10, 127, 224, 239, 240, 255)
    fc.assert(fc.property(first, rest, (net, host) => !isPublicAddress(`${net}.${host}`)))
    fc.assert(
      fc.property(fc.integer({ min: 16, max: 31 }), octet, (net, host) => !isPublicAddress(`172.${net}.0.${host}`)),
    )
    fc.assert(fc.property(rest, (host) => !isPublicAddress(`::ffff:${host.replace(/^\d+\./, '10.1.')}`)))
    for (const address of [
      ...['169.254.169.254', '168.63.129.16', '192.168.1.1', '100.100.100.200', '192.0.0.192'],
      ...[
        '::1',
        '::',
        '::127.0.0.1',
        'fe80::1',
        'fd00:ec2::254',
        'ff02::1',
        '64:ff9b::a00:1',
        '2002:7f00:1::',
        '2001:db8::1',
      ],
      'localhost',
    ]) {
      expect(isPublicAddress(address), address).toBe(false)
    }
  })

  it('can be one of the public internet', () => {
    for (const address of [
      '1.1.1.1',
      '172.32.0.1',
      '100.128.0.1',
      '223.255.255.1',
      '2606:4700::1111',
      '2a00:1450::1',
    ]) {
      expect(isPublicAddress(address), address).toBe(true)
    }
  })

  it.each([
    'http://127.0.0.1:1/',
    'http://2130706433/',
    'http://0x7f.1/',
    'http://[::1]/',
    'http://[::ffff:10.0.0.1]/',
  ])('cannot be %s, however it is written', async (url) => {
    await expect(checkAddress(url, { allowPrivate: false })).rejects.toThrow(AddressRefused)
    await expect(guardedPost(url, message, { allowPrivate: false })).rejects.toThrow(AddressRefused)
    expect(requests).toEqual([])
  })
})

describe('a post to a receiver', () => {
  it('does not reach a name that was public when checked and is private when used', async () => {
    const { resolve } = names(['203.1.1.1'], ['127.0.0.1'])
    const rule = { allowPrivate: false, resolve }
    const url = `http://rebound.example.com:${port}/`
    await checkAddress(url, rule)
    await expect(guardedPost(url, message, rule)).rejects.toMatchObject({ cause: { code: 'ADDRESS_REFUSED' } })
    expect(requests).toEqual([])
  })

  it("is refused if one of the name's addresses is private", async () => {
    const rule = { allowPrivate: false, resolve: names(['203.1.1.1', '127.0.0.1']).resolve }
    await expect(checkAddress('https://both.example.com/', rule)).rejects.toThrow(AddressRefused)
  })

  it('connects to the address that was checked, and asks DNS once', async () => {
    const dns = names(['127.0.0.1'], ['192.0.2.1'])
    const url = `http://pinned.example.com:${port}/`
    const answer = await guardedPost(url, message, { allowPrivate: true, resolve: dns.resolve })
    expect([answer, dns.asked, requests]).toEqual([
      { status: 200, statusText: 'OK', waitMs: 0, text: 'taken' },
      ['pinned.example.com'],
      [`pinned.example.com:${port}`],
    ])
  })

  it('does not follow a redirect', async () => {
    const { status } = await guardedPost(`http://127.0.0.1:${port}/moved`, message, { allowPrivate: true })
    expect([status, requests.length]).toEqual([307, 1])
  })

  it('reads an endless answer up to its limit', async () => {
    const { text } = await guardedPost(`http://127.0.0.1:${port}/endless`, message, { allowPrivate: true })
    expect(text).toHaveLength(16_384)
  })

  it('is given up after its time, and may have been received', async () => {
    const attempt = guardedPost(`http://127.0.0.1:${port}/silent`, message, { allowPrivate: true }, 100)
    const error: unknown = await attempt.catch((thrown: unknown) => thrown)
    expect(requests).toHaveLength(1)
    expect(failureOf(error instanceof Error ? error : undefined, 'The receiver')).toEqual({
      kind: 'unknown',
      reason: 'The receiver did not answer (TimeoutError)',
    })
  })

  it('counts as not sent if no connection was made within half of its time limit', async () => {
    const rule = { allowPrivate: true, resolve: (() => undefined) as unknown as typeof lookup }
    const attempt = guardedPost(`http://nowhere.example.com:${port}/`, message, rule, 2_000)
    const error: unknown = await attempt.catch((thrown: unknown) => thrown)
    expect(failureOf(error instanceof Error ? error : undefined, 'Slack')).toMatchObject({
      kind: 'not_sent',
      lasting: false,
      reason: 'Slack is not reachable (UND_ERR_CONNECT_TIMEOUT)',
    })
  })
})
