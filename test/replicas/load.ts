import { once } from 'node:events'
import { Agent, type IncomingMessage, request } from 'node:http'
import { text } from 'node:stream/consumers'
import { signedCallback } from '~test/support/signed-callback'

interface Target {
  readonly url: string
  readonly cookie: string
  /** Callbacks of one deploy wait for each other. */
  readonly deployIds: readonly string[]
}

export interface Sent {
  readonly count: number
  /** What went wrong, with its number. */
  readonly failed: ReadonlyMap<string, number>
}

interface Load {
  /** The longest time for an answer since the last question, in milliseconds. */
  readonly takeSlowest: () => number
  readonly stop: () => Promise<Sent>
}

/** Sends requests at a fixed rate, whether or not earlier ones are answered, over kept and over new connections. */
export function startLoad(target: Target, perSecond: number): Load {
  const kept = new Agent({ keepAlive: true })
  const failed = new Map<string, number>()
  const open = new Set<Promise<void>>()
  let count = 0
  let slowest = 0
  const startedAt = performance.now()
  const timer = setInterval(() => {
    while (count < ((performance.now() - startedAt) * perSecond) / 1000) {
      const n = count++
      const sentAt = performance.now()
      const one = send(target, n, n % 7 === 0 ? undefined : kept)
        .catch((error: unknown) => String(error))
        .then((problem) => {
          if (problem !== null) failed.set(problem, (failed.get(problem) ?? 0) + 1)
          slowest = Math.max(slowest, performance.now() - sentAt)
          open.delete(one)
        })
      open.add(one)
    }
  }, 5)
  return {
    takeSlowest: () => {
      const taken = slowest
      slowest = 0
      return taken
    },
    stop: async () => {
      clearInterval(timer)
      await Promise.all(open)
      kept.destroy()
      return { count, failed }
    },
  }
}

/** Null, or what was wrong with the answer. */
async function send(target: Target, n: number, agent: Agent | undefined): Promise<string | null> {
  const what = KINDS[n % KINDS.length] ?? 'health'
  const answer = await (what === 'callback'
    ? sendCallback(target, n, agent)
    : ask(`${target.url}${ADDRESSES[what]}`, { headers: { cookie: target.cookie }, agent }))
  const body = await text(answer)
  // Somebody who is signed in is sent from the sign-in page to the grid.
  if (answer.statusCode === (what === 'page' ? 307 : 200)) return null
  return `${what}: ${answer.statusCode} of ${body.startsWith('<html><body><h1>') ? 'HAProxy' : 'the console'}`
}

/** Mostly cheap requests: this test is about connections, not about speed. */
const KINDS = [
  'page',
  'list',
  'callback',
  'health',
  'health',
  'health',
  'health',
  'health',
  'health',
  'health',
] as const
const ADDRESSES = { page: '/sign-in', list: '/api/trpc/surfaces.list', health: '/api/health' }

/** A repeated status is answered 200 and changes nothing. */
async function sendCallback({ url, deployIds }: Target, n: number, agent: Agent | undefined): Promise<IncomingMessage> {
  const signed = signedCallback(deployIds[Math.floor(n / 10) % deployIds.length] ?? '', {
    status: 'smoke_gate_started',
  })
  const headers = Object.fromEntries(signed.headers)
  const body = await signed.text()
  return await ask(`${url}${new URL(signed.url).pathname}`, { method: 'POST', headers, agent }, body)
}

interface Options {
  readonly method?: string
  readonly headers: Record<string, string>
  readonly agent: Agent | undefined
}

async function ask(url: string, { agent, ...options }: Options, body?: string): Promise<IncomingMessage> {
  const sent = request(url, { ...options, agent: agent ?? false })
  sent.end(body)
  const [answer]: IncomingMessage[] = await once(sent, 'response')
  if (answer === undefined) throw new Error('no answer')
  return answer
}
