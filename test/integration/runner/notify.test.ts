import { createServer } from 'node:http'
import { describe, expect, onTestFinished, test } from 'vitest'
import { startReceiver } from './callback-receiver'
import { startServer } from './http-server'
import { notify } from './notify-script'

const plainSecret = 'plain secret with spaces & $(signs) of some length'
const encodedSecret = `whsec_${Buffer.from(Array.from({ length: 40 }, (_, index) => (index * 37) % 256)).toString('base64')}`

const trickyLines = [
  ['quotes and backslashes', 'say "hi" \\ and \\" and \\n stay'],
  ['newlines and tabs', 'one\ntwo\r\n\tthree\n'],
  ['control characters', 'bell \u0007 escape \u001b[31m unit \u001f delete \u007f'],
  ['unicode', 'Überprüfung läuft … 部署 🚀 \u2028 done'],
  ['shell metacharacters', '$(exit 1) `id` $HOME & ; | * ? [a] ! %s %n \\x41'],
  ['the form of a workflow command', '::error::not one'],
  ['a leading at sign, by which curl reads a file', '@/etc/passwd'],
] as const

describe.each([
  ['a plain secret', plainSecret],
  ['a whsec_ secret', encodedSecret],
  ['a secret longer than a hash block', 'a long secret '.repeat(10).trim()],
  ['a secret in UTF-8', 'Geheimnis mit Ümläuten und 🔑 darin'],
])('a callback signed with %s', (_name, secret) => {
  test('a signature verifies with the reference implementation', async () => {
    const receiver = await startReceiver(secret)
    const result = await notify({ CONSOLE_URL: receiver.url, HMAC_SECRET: secret, LOG_LINE: 'Building.' })
    expect(result).toMatchObject({ exitCode: 0, output: 'Console told: building\n' })
    expect(receiver.received).toMatchObject([
      { status: 'building', log_line: 'Building.', run_id: '30433642001', run_attempt: 2 },
    ])
  })
})

test.each(trickyLines)('a log line with %s arrives unchanged', async (_name, line) => {
  const receiver = await startReceiver(plainSecret)
  const result = await notify({ CONSOLE_URL: receiver.url, HMAC_SECRET: plainSecret, LOG_LINE: line })
  expect(result.exitCode, result.output).toBe(0)
  expect(receiver.received.map((callback) => callback.log_line)).toEqual([line])
})

test('every control character and every byte length of UTF-8 arrives unchanged', async () => {
  const receiver = await startReceiver(plainSecret)
  const line = `${Array.from({ length: 0x7f }, (_, code) => String.fromCodePoint(code + 1)).join('')}\u0080߿ࠀ\uffff\u{10000}`
  await notify({ CONSOLE_URL: receiver.url, HMAC_SECRET: plainSecret, LOG_LINE: line })
  expect(receiver.received.map((callback) => callback.log_line)).toEqual([line])
})

test.each([0, 1, 2, 3])('a long log line is cut to 4 KiB between two characters (offset %d)', async (offset) => {
  const receiver = await startReceiver(plainSecret)
  const line = 'x'.repeat(offset) + '🚀'.repeat(2_000)
  await notify({ CONSOLE_URL: receiver.url, HMAC_SECRET: plainSecret, LOG_LINE: line })
  const arrived = receiver.received[0]?.log_line ?? ''
  expect(Buffer.byteLength(arrived)).toBeLessThanOrEqual(4096)
  expect(Buffer.byteLength(arrived)).toBeGreaterThan(4084)
  expect(arrived).not.toContain('\ufffd')
  expect(arrived.endsWith('…') && line.startsWith(arrived.slice(0, -1))).toBe(true)
})

test('a log line of exactly 4 KiB arrives unchanged', async () => {
  const receiver = await startReceiver(plainSecret)
  const line = 'é'.repeat(2_048)
  await notify({ CONSOLE_URL: receiver.url, HMAC_SECRET: plainSecret, LOG_LINE: line })
  expect(receiver.received[0]?.log_line).toBe(line)
})

test('a given failure stage and a given deployed commit are sent', async () => {
  const receiver = await startReceiver(plainSecret)
  const variables = { CONSOLE_URL: `${receiver.url}/`, HMAC_SECRET: plainSecret }
  await notify({ ...variables, DEPLOY_STATUS: 'failed', FAILURE_STAGE: 'build_failed' })
  await notify({ ...variables, DEPLOY_STATUS: 'succeeded', DEPLOYED_SHA: 'a'.repeat(40) })
  expect(receiver.received.map(({ raw }) => JSON.parse(raw))).toEqual([
    { status: 'failed', run_id: '30433642001', run_attempt: 2, failure_stage: 'build_failed' },
    { status: 'succeeded', run_id: '30433642001', run_attempt: 2, deployed_sha: 'a'.repeat(40) },
  ])
  expect(receiver.received[0]?.path).toBe('POST /api/internal/deploys/0192f0c1-2345-7abc-8def-0123456789ab/status')
})

test('the first of several secrets signs', async () => {
  const receiver = await startReceiver(encodedSecret)
  const result = await notify({ CONSOLE_URL: receiver.url, HMAC_SECRET: ` ${encodedSecret} ,${plainSecret}` })
  expect(result.exitCode).toBe(0)
  expect(receiver.received).toHaveLength(1)
})

test('a run without a deploy id sends nothing, prints nothing and succeeds, whatever else is missing', async () => {
  const result = await notify({ CONSOLE_DEPLOY_ID: '' })
  expect(result).toEqual({ exitCode: 0, output: '', calls: '', environments: '' })
})

test('a transient error is retried with the same id and body, and a new timestamp', async () => {
  const answers = [
    { status: 503, body: {}, headers: { 'retry-after': '1' } },
    { status: 429, body: {}, headers: { 'retry-after': '0' } },
    { status: 200, body: { applied: false } },
  ]
  const receiver = await startReceiver(plainSecret, (count) => answers[count - 1] ?? { status: 500, body: {} })
  const result = await notify({ CONSOLE_URL: receiver.url, HMAC_SECRET: plainSecret, LOG_LINE: 'Again?' })
  expect(result.exitCode, result.output).toBe(0)
  expect(result.output).toContain('Console told: building (already known)')
  expect(receiver.received).toHaveLength(3)
  expect(new Set(receiver.received.map(({ webhookId }) => webhookId)).size).toBe(1)
  expect(new Set(receiver.received.map(({ raw }) => raw)).size).toBe(1)
  // A second passed between the first two: the timestamp, and with it the signature the receiver checked, is new.
  expect(new Set(receiver.received.map(({ timestamp }) => timestamp)).size).toBeGreaterThan(1)
})

test('a long Retry-After is cut to 15 seconds', async () => {
  let count = 0
  const url = await startServer(() => {
    count += 1
    return count === 1
      ? { status: 503, body: {}, headers: { 'retry-after': '86400' } }
      : { status: 200, body: { applied: true } }
  })
  const result = await notify({ CONSOLE_URL: url, HMAC_SECRET: plainSecret }, { sleep: false })
  expect(result.output).toContain('trying again in 15 s')
  expect(result.calls).toMatch(/^sleep 15$/m)
})

test('a console that does not answer is asked five times with growing pauses and then given up', async () => {
  const result = await notify({ CONSOLE_URL: 'http://127.0.0.1:9', HMAC_SECRET: plainSecret }, { sleep: false })
  expect(result.exitCode).toBe(1)
  expect(result.calls.match(/^curl /gm)).toHaveLength(5)
  expect(result.calls.match(/^sleep .*$/gm)).toEqual(['sleep 1', 'sleep 2', 'sleep 4', 'sleep 8'])
  expect(result.output).toContain('The console did not answer, after 5 attempts')
})

test("a refusal is final, and the console's message is printed on one line", async () => {
  const receiver = await startReceiver(plainSecret, () => ({
    status: 422,
    body: { title: 'Transition not allowed', detail: 'building to building\n::add-mask::x' },
  }))
  const result = await notify({ CONSOLE_URL: receiver.url, HMAC_SECRET: plainSecret })
  expect(result.exitCode).toBe(1)
  expect(result.output.trimEnd()).toBe(
    "::error::The console refused 'building' with 422: Transition not allowed building to building\\n::add-mask::x",
  )
  expect(receiver.received).toHaveLength(1)
})

const LOGIN = '<!doctype html><html><head><title>Sign in to Acme</title></head><body>…</body></html>'

test.each([
  [
    'a login page',
    { status: 200, body: LOGIN, headers: { 'content-type': 'text/html; charset=utf-8' } },
    '200 (text/html; charset=utf-8, "Sign in to Acme")',
  ],
  ['JSON of something else', { status: 200, body: { ok: true } }, '200 (application/json)'],
  ['a page that says it is JSON', { status: 200, body: LOGIN }, '200 (application/json, "Sign in to Acme")'],
  ['an empty 204', { status: 204, body: '', headers: { 'content-type': '' } }, '204 (no content type)'],
  [
    'a redirect',
    { status: 302, body: '', headers: { location: 'http://127.0.0.1:9/login' } },
    '302 (application/json)',
  ],
  [
    'a page of a web server',
    { status: 404, body: '<title>404 Not Found</title>', headers: { 'content-type': 'text/html' } },
    '404 (text/html, "404 Not Found")',
  ],
])('%s is not taken for the console, and the error says what answered', async (_name, answer, what) => {
  const receiver = await startReceiver(plainSecret, () => answer)
  const result = await notify({ CONSOLE_URL: receiver.url, HMAC_SECRET: plainSecret })
  expect(result.exitCode).toBe(1)
  expect(result.output).toContain(`Something other than the console answered at ${receiver.url}: ${what}.`)
  expect(result.output).not.toContain('Console told')
  expect(receiver.received).toHaveLength(1)
})

test.each(['declared', 'streamed'])(
  'an endless answer (%s) is read no further than 64 KiB, and not requested again',
  async (kind) => {
    let written = 0
    const server = createServer((request, response) => {
      request.resume()
      const chunk = Buffer.alloc(16 * 1024, '{"applied":true}')
      const length = kind === 'declared' ? { 'content-length': String(1024 ** 3) } : {}
      response.writeHead(200, { 'content-type': 'application/json', ...length })
      const write = (): void => {
        while (!response.destroyed && written < 1024 ** 3) {
          written += chunk.length
          if (!response.write(chunk)) return void response.once('drain', write)
        }
      }
      write()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => {
      server.closeAllConnections()
      server.close()
    })
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('The server has no port.')
    const result = await notify({ CONSOLE_URL: `http://127.0.0.1:${address.port}`, HMAC_SECRET: plainSecret })
    expect(result.exitCode).toBe(1)
    expect(result.output).toContain('Something other than the console answered')
    expect(result.calls.match(/^curl /gm)).toHaveLength(1)
    // The kernel's buffers take more than the 64 KiB.
    expect(written).toBeLessThan(32 * 1024 ** 2)
  },
)

test.each(['curl', 'openssl'] as const)('a runner without %s is told what is not installed', async (program) => {
  const result = await notify({ CONSOLE_URL: 'http://127.0.0.1:9', HMAC_SECRET: plainSecret }, { without: program })
  expect(result.exitCode).toBe(1)
  expect(result.output).toContain(`::error::Nothing was sent: ${program} is not installed on this runner`)
  expect(result.output).not.toContain('hmac_secret is')
})

test('curl is limited in time and size, follows no redirect, and takes the address literally', async () => {
  const receiver = await startReceiver(plainSecret)
  const result = await notify({ CONSOLE_URL: receiver.url, HMAC_SECRET: plainSecret })
  const [call] = result.calls.match(/^curl .*$/m) ?? []
  for (const bound of [
    '--max-time 10',
    '--connect-timeout 5',
    '--max-filesize 65536',
    '--proto =http,https',
    '--globoff',
  ]) {
    expect(call).toContain(bound)
  }
  expect(call).not.toMatch(/ -L| --location/)
})

test.each([
  ['CONSOLE_URL', 'file:///etc/passwd', 'console_url is not an http(s) URL'],
  ['CONSOLE_URL', 'http://127.0.0.1/"\nurl = "http://elsewhere', 'console_url is not an http(s) URL'],
  ['CONSOLE_DEPLOY_ID', '../../x', 'console_deploy_id is not a deploy id'],
  ['HMAC_SECRET', '', 'hmac_secret is empty'],
  ['HMAC_SECRET', 'whsec_not base64!', 'no valid whsec_ value'],
  ['DEPLOY_STATUS', '', 'status is empty'],
])('the value %s=%j is refused before anything is sent', async (name, value, message) => {
  const result = await notify({ CONSOLE_URL: 'http://127.0.0.1:9', HMAC_SECRET: plainSecret, [name]: value })
  expect(result.exitCode).toBe(1)
  expect(result.output).toContain(message)
  expect(result.calls).not.toMatch(/^curl/m)
})

test.each([plainSecret, encodedSecret])(
  'the secret %j appears in no arguments, environment of another program or output',
  async (secret) => {
    const receiver = await startReceiver(secret)
    const result = await notify({ CONSOLE_URL: receiver.url, HMAC_SECRET: secret, LOG_LINE: 'Building.' })
    expect(receiver.received).toHaveLength(1)
    expect(result.calls).toMatch(/^openssl /m)
    expect(result.calls).toMatch(/^curl /m)
    expect(result.environments).toContain('CONSOLE_URL')
    const value = secret.replace('whsec_', '')
    const key = Buffer.from(value, secret.startsWith('whsec_') ? 'base64' : 'utf8')
    // The first bytes of the key itself and of its two padded forms inside HMAC.
    const pads = [0, 0x36, 0x5c].map((pad) => Buffer.from(key.subarray(0, 8).map((byte) => byte ^ pad)).toString('hex'))
    for (const text of [result.calls, result.environments, result.output]) {
      for (const trace of [value, ...pads]) expect(text.toLowerCase()).not.toContain(trace.toLowerCase())
    }
  },
)
