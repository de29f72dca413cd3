import { readdirSync, statSync } from 'node:fs'
import { connect } from 'node:net'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Deps } from '~/server/deps'
import { createEmbed } from '~/server/embeds/embeds'
import { invite, makeSetupLink } from '~/server/members/manage/links'
import { actorNamed } from '~test/support/actors'
import { type BuiltServer, startBuiltServer } from '~test/support/built-server'
import { CALLBACK_SECRET, createTestConsole, insertSurface, type TestConsole } from '~test/support/console'
import { insertMember } from '~test/support/members'
import { ENTRY_PAGES, listPages } from '~test/support/pages'
import { listRoutes } from '~test/support/route-modules'
import { signedInAs } from '~test/support/sessions'

const projectDirectory = path.resolve(import.meta.dirname, '../../..')

let console_: TestConsole
let server: BuiltServer
/** Each page with a session that may open it: any other visitor is redirected, and a redirect is not a page. */
let pages: readonly { readonly address: string; readonly cookie: string }[]
const startServer = (env: Readonly<Record<string, string>> = {}) =>
  startBuiltServer({
    DATABASE_URL: console_.deps.config.databaseUrl,
    GITHUB_API_URL: 'http://127.0.0.1:9/api/v3',
    GITHUB_DISPATCH_TOKEN: 'test-token',
    DEPLOY_CALLBACK_HMAC_SECRET: CALLBACK_SECRET,
    IN_PROCESS_WORKER: 'off',
    ...env,
  })
beforeAll(async () => {
  console_ = await createTestConsole()
  pages = await everyPage(console_.deps)
  server = await startServer()
})
afterAll(async () => {
  await server.stop()
  await console_.close()
})

async function everyPage(deps: Deps) {
  const { path: setup } = await makeSetupLink(deps, { sandbox: false })
  const inviting = await insertMember(deps, actorNamed('root'))
  const { path: invitation } = await invite(deps, inviting, { email: null, role: 'viewer', environments: null })
  const { id } = await insertSurface(deps)
  const cookie = await signedInAs(deps)
  const nobodys = ['/sign-in', setup, invitation].map((address) => ({ address, cookie: '' }))
  expect(nobodys.length, 'one of each kind').toBe(ENTRY_PAGES.length)
  const members = listPages().filter((file) => !ENTRY_PAGES.includes(file))
  return [...nobodys, ...members.map((file) => ({ address: file.replace('[id]', id), cookie }))]
}

/** A built file of the client of each kind. */
function staticFiles(): string[] {
  const directory = path.join(projectDirectory, '.next/static')
  const files = readdirSync(directory, { recursive: true, encoding: 'utf8' })
  const first = (extension: string) => files.find((file) => file.endsWith(extension)) ?? `no ${extension} was built`
  return [first('.js'), first('.css'), first('.woff2')].map((file) => `/_next/static/${file}`)
}

const id = '00000000-0000-7000-8000-000000000000'
const NO_PAGES = ['/no-such-page', '/surfaces/none', '/%ff']
const OTHERS = [
  ...listRoutes('api').map(({ template }) => template.replace('{id}', id).replace('{trpc}', 'surfaces.list')),
  '/api/no-such-route',
  '/api/internal/deploys/no-uuid',
  '/icon.svg',
  '/icon-192.png',
  '/manifest.webmanifest',
  '/robots.txt',
  '/_next/static/none.js',
  '/_next/image?url=%2Ficon.svg&w=64&q=75',
]

const ON_EVERY_ANSWER = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'same-origin',
  'permissions-policy': expect.stringContaining('camera=()'),
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
}

/** Does not follow redirects, because a redirect is an answer with headers too. */
const get = (address: string, init: RequestInit = {}) =>
  fetch(`${server.url}${address}`, { redirect: 'manual', ...init })

it('every answer has the security headers: pages, API, files, refusals and unknown addresses', async () => {
  const answers = [
    ...pages.map(({ address, cookie }) => [address, { headers: { cookie } }] as const),
    // A visitor without a session is redirected, which is an answer too.
    ...[...pages.map(({ address }) => address), ...NO_PAGES].map((address) => [address, {}] as const),
    ...[...OTHERS, ...staticFiles(), '/flags/'].map((address) => [address, {}] as const),
    ...OTHERS.map((address) => [address, { method: 'POST', body: '{}' }] as const),
    ['/api/trpc/surfaces.lock', { method: 'POST', body: '{}', headers: { origin: 'https://evil.example' } }] as const,
    ['/', { method: 'POST', body: '{}' }] as const,
    ['/', { method: 'DELETE' }] as const,
  ]
  for (const [address, init] of answers) {
    const answer = await get(address, init)
    await answer.body?.cancel()
    const headers = Object.fromEntries(answer.headers)
    expect(headers, `${address} (${answer.status})`).toMatchObject(ON_EVERY_ANSWER)
    expect(headers['content-security-policy']).toContain("frame-ancestors 'none'")
    expect(headers['content-security-policy']).not.toContain('unsafe-')
    expect(headers).not.toHaveProperty('x-powered-by')
    expect(headers).not.toHaveProperty('access-control-allow-origin')
    expect(headers, 'no TLS is in front').not.toHaveProperty('strict-transport-security')
  }
})

it('a badge has the headers with which another site may show it, as has the refusal', async () => {
  const { deps } = console_
  const surface = await insertSurface(deps)
  const { address } = await createEmbed(deps, actorNamed('root'), { kind: 'badge', surfaceId: surface.id })
  const { pathname, search } = new URL(address)
  for (const [target, status] of [
    [pathname + search, 200],
    [`${pathname}${search}A`, 404],
  ] as const) {
    const answer = await get(target)
    await answer.body?.cancel()
    expect(answer.status).toBe(status)
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-security-policy': expect.stringMatching(/^default-src 'none';.*; sandbox$/),
      'cross-origin-resource-policy': 'cross-origin',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'cache-control': status === 200 ? 'max-age=30, must-revalidate' : 'no-store',
    })
  }
})

it("the manifest's icons are served, and robots.txt excludes every crawler", async () => {
  const manifest = await get('/manifest.webmanifest')
  expect(manifest.headers.get('content-type')).toContain('application/manifest+json')
  const { icons }: { icons: { src: string; type: string }[] } = await manifest.json()
  expect(icons).toHaveLength(3)
  for (const { src, type } of icons) expect((await get(src)).headers.get('content-type')).toBe(type)
  const page = await (await get('/sign-in')).text()
  expect(page).toContain('<link rel="manifest" href="/manifest.webmanifest"')
  expect(page).toContain('<link rel="icon" href="/icon.svg')
  expect(await (await get('/robots.txt')).text()).toBe('User-agent: *\nDisallow: /\n')
})

it('the policy of a page allows scripts with its nonce, which is new in every answer, and nothing inline', async () => {
  const nonces = new Set<string>()
  const cookie = pages.at(-1)?.cookie ?? ''
  const asked = [...pages, ...NO_PAGES.map((address) => ({ address, cookie }))].flatMap((page) => [page, page])
  for (const { address, cookie: held } of asked) {
    const answer = await get(address, { headers: { cookie: held } })
    if (!NO_PAGES.includes(address)) expect(`${address} ${answer.status}`).toBe(`${address} 200`)
    const policy = answer.headers.get('content-security-policy') ?? ''
    const nonce = /script-src 'nonce-([^']{20,})' 'strict-dynamic';/.exec(policy)?.[1] ?? ''
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("style-src 'self';")
    expect(policy).toContain("base-uri 'none'; form-action 'self'; frame-ancestors 'none'")
    const html = await answer.text()
    const scripts = html.match(/<script\b[^>]*>/g) ?? []
    expect(scripts.length, address).toBeGreaterThan(0)
    expect(scripts.filter((script) => !script.includes(`nonce="${nonce}"`))).toEqual([])
    expect(html).not.toMatch(/<style\b|\sstyle=|\son[a-z]+="/)
    nonces.add(nonce)
  }
  expect(nonces.size).toBe(asked.length)
})

it('the policy of an answer that is not a page allows nothing', async () => {
  for (const address of [...OTHERS, ...staticFiles()]) {
    const answer = await get(address)
    await answer.body?.cancel()
    expect(answer.headers.get('content-security-policy'), address).toMatch(/^default-src 'none'/)
  }
})

it('a request that is not HTTP is refused without naming the server', async () => {
  const { port } = new URL(server.url)
  const answer = await new Promise<string>((resolve, reject) => {
    const socket = connect(Number(port), '127.0.0.1', () => socket.write('GET / HTTP/1.1\r\nnonsense\r\n\r\n'))
    let text = ''
    socket.on('data', (chunk) => {
      text += chunk
    })
    socket.on('error', reject)
    socket.on('close', () => resolve(text))
  })
  expect(answer).toBe('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n')
})

it('the header that keeps browsers on TLS is sent if CONSOLE_URL is https', async () => {
  const behindTls = await startServer({ CONSOLE_URL: 'https://console.example.com' })
  try {
    for (const address of ['/', '/api/health', '/icon.svg', '/no-such-page']) {
      const answer = await fetch(`${behindTls.url}${address}`)
      await answer.body?.cancel()
      expect(answer.headers.get('strict-transport-security')).toBe('max-age=63072000')
    }
  } finally {
    await behindTls.stop()
  }
})

/** An answer with its content encoding. */
const encoded = async (address: string, accepted: string) => {
  const cookie = pages.at(-1)?.cookie ?? ''
  const answer = await get(address, { headers: { cookie, 'accept-encoding': accepted } })
  return { encoding: answer.headers.get('content-encoding'), answer }
}

it('pages, files and API answers are compressed on request and have the same content', async () => {
  const styles = staticFiles().find((file) => file.endsWith('.css')) ?? ''
  for (const address of ['/api/openapi.json', '/api/trpc/surfaces.list', '/flags', styles]) {
    const { encoding, answer } = await encoded(address, 'gzip')
    expect(`${address} ${encoding}`).toBe(`${address} gzip`)
    expect(answer.headers.get('vary')).toContain('Accept-Encoding')
    const plain = await encoded(address, 'identity')
    expect(plain.encoding).toBeNull()
    const withoutTimes = async (said: Response) => (await said.text()).replaceAll(/"now":"[^"]+"|nonce[^ ]+/g, '')
    if (address !== '/flags') expect(await withoutTimes(answer)).toBe(await withoutTimes(plain.answer))
  }
})

it('a built script is sent as the build compressed it to a browser that accepts brotli, and to nobody who refuses it', async () => {
  const script = staticFiles().find((file) => file.endsWith('.js')) ?? ''
  const { size } = statSync(path.join(projectDirectory, `${script.replace('/_next', '.next')}.br`))
  const plain = await (await encoded(script, 'identity')).answer.text()
  for (const accepted of ['gzip, deflate, br, zstd', 'br;q=0.5']) {
    const { answer } = await encoded(script, accepted)
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-encoding': 'br',
      'content-length': String(size),
      'content-type': expect.stringContaining('javascript'),
      'cache-control': 'public, max-age=31536000, immutable',
      vary: 'accept-encoding',
      ...ON_EVERY_ANSWER,
    })
    expect(await answer.text()).toBe(plain)
  }
  for (const refused of ['identity', 'gzip', 'br;q=0', 'gzip, br;q=0.0'])
    expect((await encoded(script, refused)).answer.headers.get('content-length')).not.toBe(String(size))
})

it('the stream of changes is not compressed, and its first event arrives while it is open', async () => {
  const input = encodeURIComponent(JSON.stringify({ person: 'operator@example.com', lastEventId: null }))
  const { encoding, answer } = await encoded(`/api/trpc/live.watch?input=${input}`, 'gzip, deflate, br, zstd')
  expect(encoding).toBeNull()
  expect(answer.headers.get('cache-control')).toBe('no-store, no-transform')
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader()
  let heard = ''
  while (!heard.includes('"reload":true')) heard += (await reader?.read())?.value ?? ''
  await reader?.cancel()
})
