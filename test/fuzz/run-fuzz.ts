import type { Deps } from '~/server/deps'
import { type Memory, memoryProbe } from '~test/fuzz/memory'
import { mutate } from '~test/fuzz/mutate'
import { createRandom, type Random } from '~test/fuzz/random'
import { send } from '~test/fuzz/send'
import { signedCallback, strangeBody } from '~test/fuzz/signed-request'
import { digestTables } from '~test/fuzz/table-digest'
import { broken, chunked, plain, type Wire } from '~test/fuzz/to-bytes'
import { insertDeployAt } from '~test/support/console'

const DEPLOYS = 20
const CONCURRENCY = 8
const SAMPLES = 20

export interface Fuzz {
  readonly deps: Deps
  readonly server: { readonly url: string; readonly pid: number }
  readonly secret: string
  readonly probeFile: string
  readonly seed: number
  readonly count: number
  readonly say?: (text: string) => void
}

export interface FuzzFigures {
  readonly seconds: number
  /** How many answers had which status; `none` for a connection that ended without one. */
  readonly statuses: Readonly<Record<string, number>>
  /** The beginnings of requests that were answered with 5xx. */
  readonly faults: readonly string[]
  readonly signed: number
  /** Tables of which a row changed that no signed request was about. */
  readonly changedTables: readonly string[]
  /** Receipts of callbacks that were not signed, or of other deploys than the signed ones. */
  readonly foreignReceipts: number
  readonly memory: readonly Memory[]
}

/** Sends `count` requests to the callback routes, the same for the same seed but for the time of day in their signatures. */
export async function runFuzz({ deps, server, secret, probeFile, seed, count, say }: Fuzz): Promise<FuzzFigures> {
  const random = createRandom(seed)
  // Signed requests are about deploys of their own; nothing but those may change.
  const open = await insertDeploys(deps)
  const closed = await insertDeploys(deps)
  const before = await digestTables(deps.db, open)
  const probe = memoryProbe(server.pid, probeFile)
  const port = Number(new URL(server.url).port)
  const statuses: Record<string, number> = {}
  const signedIds = new Set<string>()
  const memory: Memory[] = []
  const faults: string[] = []

  const next = (): Wire => {
    const kind = random.next()
    if (kind < 0.1) {
      const body = random.next() < 0.5 ? strangeBody(random) : undefined
      const callback = signedCallback(random, secret, one(random, open), body)
      signedIds.add(callback.id)
      return random.next() < 0.5 ? plain(callback) : chunked(callback, random)
    }
    const mutated = mutate(signedCallback(random, secret, one(random, closed)), random, secret)
    if (kind < 0.3) return broken({ ...mutated, signature: 'v1,AAAA' }, random)
    if (kind < 0.5) return chunked(mutated, random)
    return plain(mutated, kind < 0.6 ? strangeHeaders(random) : [])
  }

  const began = performance.now()
  const every = Math.ceil(count / SAMPLES)
  for (let sent = 0; sent < count; sent += every) {
    let left = Math.min(every, count - sent)
    const work = async () => {
      while (left > 0) {
        left -= 1
        const wire = next()
        const status = (await send(port, wire)) ?? 'none'
        if (typeof status === 'number' && status >= 500)
          faults.push(`${status}: ${wire.bytes.toString('latin1', 0, 400)}`)
        statuses[status] = (statuses[status] ?? 0) + 1
      }
    }
    await Promise.all(Array.from({ length: CONCURRENCY }, work))
    const sample = await probe()
    memory.push(sample)
    say?.(`${Math.min(sent + every, count)} sent, heap ${toMb(sample.heap)} MB, resident ${toMb(sample.rss)} MB`)
  }
  const after = await digestTables(deps.db, open)
  const receipts = await deps.db.callbackReceipt.findMany({ select: { webhookId: true, deployId: true } })
  return {
    seconds: (performance.now() - began) / 1000,
    statuses,
    faults,
    signed: signedIds.size,
    changedTables: [...after].filter(([name, { digest }]) => before.get(name)?.digest !== digest).map(([name]) => name),
    foreignReceipts: receipts.filter((row) => !signedIds.has(row.webhookId) || !open.includes(row.deployId)).length,
    memory,
  }
}

export const toMb = (bytes: number): string => (bytes / 1024 ** 2).toFixed(1)

const one = (random: Random, ids: readonly string[]): string => ids[random.below(ids.length)] ?? ''

async function insertDeploys(deps: Deps): Promise<string[]> {
  const ids: string[] = []
  while (ids.length < DEPLOYS)
    ids.push((await insertDeployAt(deps, ids.length % 2 === 0 ? 'dispatched' : 'building')).id)
  return ids
}

/** What may be sent, and is nobody's business here. */
const strangeHeaders = (random: Random): string[] =>
  random.pick([
    ['x-forwarded-for: 198.51.100.1, , ::1, nonsense', 'forwarded: for=_x'],
    ['x-forwarded-proto: https', 'x-forwarded-host: evil.example'],
    ['origin: https://evil.example', 'sec-fetch-site: cross-site'],
    [`cookie: ${'a=b; '.repeat(500)}`],
    ["content-security-policy: script-src 'nonce-x'", 'x-nonce: x'],
    ['accept-encoding: gzip, br, *', 'range: bytes=0-5', 'if-none-match: *'],
    ['webhook-id: twice', 'webhook-timestamp: 1', 'webhook-signature: v1,AAAA'],
    [`authorization: Bearer ${random.bytes(20).toString('hex')}`],
  ])
