import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { LiveEvent } from '~/domain/surface/live'
import type { TrpcClient } from '~/ui/trpc/client'
import { QUIET } from './fixtures'

interface Stream {
  readonly input: { readonly person: string; readonly lastEventId: string | null }
  readonly onData: (told: { readonly id: string; readonly data: LiveEvent }) => void
  readonly onError: () => void
}

/** Web Locks (W3C) as tabs use them: one holder for each name, and the next in line once its promise settles. */
function webLocks() {
  const held = new Map<string, Promise<unknown>>()
  const request = async (name: string, { signal }: { signal: AbortSignal }, hold: () => Promise<unknown>) => {
    const before = held.get(name) ?? Promise.resolve()
    const mine = before.then(() => (signal.aborted ? undefined : hold()))
    held.set(name, mine)
    await mine
  }
  return { request }
}

const closing: (() => void)[] = []
beforeEach(() => vi.stubGlobal('navigator', { locks: webLocks() }))
afterEach(() => {
  for (const close of closing.splice(0)) close()
  vi.unstubAllGlobals()
})

/** A tab of this browser with its own modules, so that tabs share no memory. */
async function openTab(person = 'ada@example.com') {
  vi.resetModules()
  const { followChanges } = await import('~/ui/live/follow-changes')
  const { readLiveState } = await import('~/ui/trpc/live-state')
  const streams: Stream[] = []
  const told: string[] = []
  const client = {
    live: {
      watch: {
        subscribe: (input: Stream['input'], options: Omit<Stream, 'input'>) => {
          streams.push({ input, ...options })
          return { unsubscribe: () => undefined }
        },
      },
    },
  } as unknown as TrpcClient
  const close = followChanges(person, client, ({ now, reload }) => told.push(reload ? `${now}, read again` : now))
  closing.push(close)
  return { streams, told, close, isLive: () => readLiveState().live }
}

const send = (stream: Stream | undefined, id: string) => stream?.onData({ id, data: { ...QUIET, now: `event ${id}` } })

it('one tab holds the stream, and every tab of the member receives its events', async () => {
  const [first, second] = [await openTab(), await openTab()]
  await expect.poll(() => first.streams.length).toBe(1)
  send(first.streams[0], '1')
  await expect.poll(() => second.told).toContain('event 1')
  expect([first.isLive(), second.isLive(), second.streams]).toEqual([true, true, []])
})

it('when the tab with the stream closes, the next tab continues after the last event it received', async () => {
  const [first, second] = [await openTab(), await openTab()]
  await expect.poll(() => first.streams.length).toBe(1)
  send(first.streams[0], '1')
  await expect.poll(() => second.told).toContain('event 1')
  first.close()
  await expect.poll(() => second.streams.map(({ input }) => input.lastEventId)).toEqual(['1'])
})

it('a new tab reads again what changed before it listened', async () => {
  const first = await openTab()
  await expect.poll(() => first.streams.length).toBe(1)
  send(first.streams[0], '1')
  const second = await openTab()
  await expect.poll(() => second.told).toEqual(['event 1, read again'])
  expect(second.isLive()).toBe(true)
})

it('a tab that opens while the stream is lost polls, as the other tabs do, until the stream is back', async () => {
  const first = await openTab()
  await expect.poll(() => first.streams.length).toBe(1)
  send(first.streams[0], '1')
  first.streams[0]?.onError()
  const said: string[] = []
  const between = new BroadcastChannel('deploy-console changes ada@example.com')
  closing.push(() => between.close())
  between.onmessage = ({ data }: MessageEvent<{ kind: string }>) => said.push(data.kind)
  const second = await openTab()
  await expect.poll(() => said).toContain('hello')
  send(first.streams[0], '2')
  await expect.poll(() => second.told).toEqual(['event 2'])
  expect(said).toEqual(['hello', 'told'])
})

it('tabs of two members in one browser share no stream and no events', async () => {
  const [ada, bob] = [await openTab('ada@example.com'), await openTab('bob@example.com')]
  await expect.poll(() => [ada.streams.length, bob.streams.length]).toEqual([1, 1])
  expect([ada.streams[0]?.input.person, bob.streams[0]?.input.person]).toEqual(['ada@example.com', 'bob@example.com'])
  send(ada.streams[0], '1')
  const another = await openTab('ada@example.com')
  await expect.poll(() => another.told).toEqual(['event 1, read again'])
  expect([bob.told, bob.isLive()]).toEqual([[], false])
})

it('a tab polls until its stream delivers an event, and again once the stream falls silent', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const tab = await openTab()
  await vi.waitUntil(() => tab.streams.length === 1)
  expect(tab.isLive()).toBe(false)
  send(tab.streams[0], '1')
  expect(tab.isLive()).toBe(true)
  vi.advanceTimersByTime(30_000)
  expect(tab.isLive()).toBe(false)
  vi.useRealTimers()
})
