import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { createFetchChanges } from '~/ui/trpc/fetch-changes'

let version: string | null
let status: number
const asked: string[] = []
const server = createServer((request, response) => {
  const known = request.headers['if-none-match'] ?? 'nothing'
  asked.push(`${request.method} knowing ${known}`)
  response.statusCode = version !== null && known === version ? 304 : status
  if (version !== null) response.setHeader('etag', version)
  response.end(response.statusCode === 304 ? undefined : `whole answer ${version}`)
})
let origin: string
beforeAll(async () => {
  await once(server.listen(0, '127.0.0.1'), 'listening')
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
beforeEach(() => {
  version = '"1"'
  status = 200
  asked.length = 0
})
afterAll(() => server.close())

const reading = { method: 'GET' }

it('returns the whole answer each time, and transfers it only when it changed', async () => {
  const ask = createFetchChanges()
  const read = async () => {
    const response = await ask(`${origin}/one`, reading)
    return `${response.status} ${await response.text()}`
  }
  expect([await read(), await read()]).toEqual(['200 whole answer "1"', '200 whole answer "1"'])
  version = '"2"'
  expect([await read(), await read()]).toEqual(['200 whole answer "2"', '200 whole answer "2"'])
  version = null
  expect([await read(), await read()]).toEqual(['200 whole answer null', '200 whole answer null'])
  expect(asked.map((line) => line.replace('GET knowing ', ''))).toEqual(['nothing', '"1"', '"1"', '"2"', '"2"', '"2"'])
})

it('keeps the known version while the answer is an error', async () => {
  const ask = createFetchChanges()
  await ask(`${origin}/one`, reading)
  version = '"2"'
  status = 503
  expect((await ask(`${origin}/one`, reading)).status).toBe(503)
  version = '"1"'
  expect(await (await ask(`${origin}/one`, reading)).text()).toBe('whole answer "1"')
  expect(asked.at(-1)).toBe('GET knowing "1"')
})

it('sends no version for another address or for a mutation', async () => {
  const ask = createFetchChanges()
  await ask(`${origin}/one`, reading)
  await ask(`${origin}/two`, reading)
  await ask(`${origin}/one`, { method: 'POST', body: '{}' })
  expect(asked).toEqual(['GET knowing nothing', 'GET knowing nothing', 'POST knowing nothing'])
})

it('remembers a limited number of addresses, the latest ones', async () => {
  const ask = createFetchChanges()
  for (let n = 0; n < 20; n += 1) await ask(`${origin}/${n}`, reading)
  await ask(`${origin}/0`, reading)
  await ask(`${origin}/20`, reading)
  asked.length = 0
  await ask(`${origin}/1`, reading)
  await ask(`${origin}/0`, reading)
  expect(asked).toEqual(['GET knowing nothing', 'GET knowing "1"'])
})
