import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { expect, it } from 'vitest'
import { compressed } from '~/server/http/compress'

const GRID = { surfaces: Array.from({ length: 200 }, (_, n) => ({ id: `surface-${n}`, health: 'healthy' })) }
const asked = (accepted?: string) =>
  new Request('http://console/api', accepted === undefined ? {} : { headers: { 'accept-encoding': accepted } })
const encodingOf = async (accepted: string | undefined, answer = Response.json(GRID)) =>
  (await compressed(asked(accepted), answer)).headers.get('content-encoding')

it.each([
  ['gzip', gunzipSync],
  ['br', brotliDecompressSync],
])('an answer sent as %s is the same answer, in a tenth of its bytes', async (encoding, read) => {
  const answer = await compressed(asked(encoding), Response.json(GRID, { headers: { etag: 'W/"1"' } }))
  const body = Buffer.from(await answer.arrayBuffer())
  expect(JSON.parse(read(body).toString('utf8'))).toEqual(GRID)
  expect(body.length).toBeLessThan(JSON.stringify(GRID).length / 10)
  expect(Object.fromEntries(answer.headers)).toMatchObject({ etag: 'W/"1"', vary: 'accept-encoding' })
})

it('the encoding is one that the request takes', async () => {
  expect(await encodingOf('gzip, deflate, br, zstd')).toBe('br')
  expect(await encodingOf('gzip, br;q=0')).toBe('gzip')
  for (const accepted of ['gzip;q=0', 'identity', 'zstd', '', undefined]) expect(await encodingOf(accepted)).toBeNull()
})

it('what is small, without a body or a stream stays as it is', async () => {
  expect(await encodingOf('gzip', Response.json({ ok: true }))).toBeNull()
  const unchanged = new Response(null, { status: 304 })
  expect(await compressed(asked('gzip'), unchanged)).toBe(unchanged)
  const stream = new Response(new ReadableStream(), { headers: { 'content-type': 'text/event-stream' } })
  expect(await compressed(asked('gzip'), stream)).toBe(stream)
})
