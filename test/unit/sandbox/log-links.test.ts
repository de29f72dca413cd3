import { expect, test } from 'vitest'
import { createLogLinks } from '~/sandbox/github/log-links'
import { createRouter } from '~/sandbox/http/router'

test('a link to a log is valid for one minute, for its job alone', async () => {
  let now = Date.parse('2026-11-29T10:00:00Z')
  const store = {
    ...{ save: () => undefined, find: () => undefined, attempts: () => [], latest: () => [] },
    ...{ appendLog: () => undefined, readLog: () => [] },
  }
  const links = createLogLinks('http://sandbox', store, () => now)
  const route = createRouter([links.route])
  const open = async (link: string) => {
    const { pathname, searchParams } = new URL(link)
    const match = route({ method: 'GET' } as Parameters<typeof route>[0], pathname, searchParams)
    return (await match?.route.handle(match.request))?.status
  }
  const link = links.linkTo(7)
  // 404 instead of 403: the link is valid, and this store has no such job.
  expect(await open(link)).toBe(404)
  expect(await open(link.replace('/7?', '/8?'))).toBe(403)
  expect(await open(link.replace(/se=\d+/, 'se=9999999999'))).toBe(403)
  now += 60_000
  expect(await open(link)).toBe(404)
  now += 1_000
  expect(await open(link)).toBe(403)
})
