import type { Deps } from '~/server/deps'
import { repositorySecret } from '~/server/platform/verify-signature'
import { type Memory, memoryProbe } from '~test/fuzz/memory'
import { mutate } from '~test/fuzz/mutate'
import { createRandom, type Random } from '~test/fuzz/random'
import { send } from '~test/fuzz/send'
import { signedCallback, strangeBody } from '~test/fuzz/signed-request'
import { digestTables } from '~test/fuzz/table-digest'
import { broken, chunked, plain, type Wire, withToken } from '~test/fuzz/to-bytes'
import { insertDeployAt } from '~test/support/console'
import type { startRunTokenIssuer } from '~test/support/run-token-issuer'

const DEPLOYS = 20
const CONCURRENCY = 8
const SAMPLES = 20

export interface Fuzz {
  readonly deps: Deps
  readonly server: { readonly url: string; readonly pid: number }
  readonly secret: string
  /** The GitHub that the server is configured with. */
  readonly issuer: Pick<Awaited<ReturnType<typeof startRunTokenIssuer>>, 'mint'>
  readonly probeFile: string
  readonly seed: number
  readonly count: number
  readonly say?: (text: string) => void
}

export interface FuzzFigures {
  readonly seconds: number
  /** How many answers had each status; `none` for a connection that ended without an answer. */
  readonly statuses: Readonly<Record<string, number>>
  /** The first bytes of the requests that were answered with 5xx. */
  readonly faults: readonly string[]
  readonly signed: number
  /** Tables in which a row changed that no signed request was about. */
  readonly changedTables: readonly string[]
  /** Receipts of unsigned callbacks, or of deploys without signed requests. */
  readonly foreignReceipts: number
  readonly memory: readonly Memory[]
}

/** Sends `count` requests to the callback routes. The same seed gives the same requests except for their timestamps. */
export async function runFuzz({
  deps,
  server,
  secret,
  issuer,
  probeFile,
  seed,
  count,
  say,
}: Fuzz): Promise<FuzzFigures> {
  const random = createRandom(seed)
  // Signed requests are only about these deploys, so no other row may change.
  const open = await insertDeploys(deps)
  const closed = await insertDeploys(deps)
  const before = await digestTables(deps.db, open)
  const probe = memoryProbe(server.pid, probeFile)
  const port = Number(new URL(server.url).port)
  const statuses: Record<string, number> = {}
  const signedIds = new Set<string>()
  const memory: Memory[] = []
  const faults: string[] = []

  const ownSecret = repositorySecret(secret, REPOSITORY)
  let tokens = await mintTokens(issuer)
  const next = (): Wire => {
    const kind = random.next()
    if (kind < 0.1) {
      const body = random.next() < 0.5 ? strangeBody(random) : undefined
      const own = random.next() < 0.3
      const callback = signedCallback(random, own ? ownSecret : secret, one(random, open), body)
      signedIds.add(callback.id)
      if (own) return plain(callback, [`x-console-repository: ${REPOSITORY}`])
      if (random.next() < 0.4) return withToken(callback, random.pick(tokens.good))
      return random.next() < 0.5 ? plain(callback) : chunked(callback, random)
    }
    const mutated = mutate(signedCallback(random, secret, one(random, closed)), random, secret)
    if (kind < 0.3) return broken({ ...mutated, signature: 'v1,AAAA' }, random)
    if (kind < 0.5) return chunked(mutated, random)
    if (kind > 0.9) return withToken(mutated, random.pick(tokens.bad), strangeHeaders(random))
    return plain(mutated, kind < 0.6 ? strangeHeaders(random) : [])
  }

  const began = performance.now()
  const every = Math.ceil(count / SAMPLES)
  for (let sent = 0; sent < count; sent += every) {
    let left = Math.min(every, count - sent)
    tokens = await mintTokens(issuer)
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

/** The repository of the deploys that insertDeployAt adds. */
const REPOSITORY = 'acme/platform'

/** Valid tokens of the issuer for the deploys' repository and another one, and invalid ones. They expire within minutes. */
async function mintTokens({ mint }: Fuzz['issuer']) {
  const good = [await mint(), await mint({ claims: { run_id: '8' } }), await mint({ claims: { repository: 'acme/x' } })]
  const [head, payload = '', signature] = (await mint()).split('.')
  const bad: readonly [string, ...string[]] = [
    await mint({ audience: 'https://github.com/acme' }),
    await mint({ issuer: 'https://token.actions.githubusercontent.com' }),
    await mint({ key: 'stranger' }),
    await mint({ kid: 'another' }),
    await mint({ at: new Date(Date.now() - 3_600_000) }),
    await mint({ claims: { run_id: '-1' } }),
    `${head}.${payload.replace(/^./, 'f')}.${signature}`,
    `${head}.${payload}.`,
    `${Buffer.from('{"alg":"none"}').toString('base64url')}.${payload}.`,
    `${Buffer.from('{"alg":"HS256","kid":"one"}').toString('base64url')}.${payload}.${signature}`,
    'a.b.c',
    '..',
    'x'.repeat(9_000),
    `${'{'.repeat(3_000)}.${payload}.${signature}`,
  ]
  const [first, ...others] = good
  if (first === undefined) throw new Error('No token was made.')
  return { good: [first, ...others] as const, bad }
}

const one = (random: Random, ids: readonly string[]): string => ids[random.below(ids.length)] ?? ''

async function insertDeploys(deps: Deps): Promise<string[]> {
  const ids: string[] = []
  while (ids.length < DEPLOYS)
    ids.push((await insertDeployAt(deps, ids.length % 2 === 0 ? 'dispatched' : 'building')).id)
  return ids
}

/** Extra headers that a hostile sender could add. */
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
    ['x-console-repository: acme/platform', 'x-console-repository: acme/x'],
    [`x-console-repository: ${random.pick(['../../etc', 'acme/platform/x', 'x'.repeat(3_000), "'%00/\u00ff", '/'])}`],
  ])
