import 'server-only'
import { EMBED_KNOWN_MS, type EmbedKind } from '~/domain/embed'
import { shortSha } from '~/domain/ref'
import { HEALTH_STATES, type HealthState } from '~/domain/surface/tile'
import { type Deps, getDeps } from '~/server/deps'
import { drawBadge } from '~/server/embeds/draw-badge'
import { requireEmbed } from '~/server/embeds/embeds'
import { writeFeed } from '~/server/embeds/write-feed'
import { answerConditionally, etagOf } from '~/server/platform/http/etag'
import { logAppError, problemResponse, toAppError } from '~/server/platform/http/problem'
import { readRunning } from '~/server/surfaces/surfaces.sql'

/** A revoked address ends within this time, also in caches. The guard adds what keeps a browser safe (platform/http/security-headers.ts). */
const HEADERS = { 'cache-control': 'max-age=30, must-revalidate', 'x-robots-tag': 'noindex' }

/** `GET /badge/<surface>.svg`, without a session. */
export const answerBadge = (request: Request, file: string): Promise<Response> =>
  answerEmbed(
    request,
    { kind: 'badge', of: file.endsWith('.svg') ? file.slice(0, -'.svg'.length) : '' },
    async (deps, embed) => ({
      body: drawBadge(await readBadgeFacts(deps, embed.surfaceId ?? '')),
      headers: { 'content-type': 'image/svg+xml; charset=utf-8' },
    }),
  )

/** `GET /feed/<surface or all>`, without a session. */
export const answerFeed = (request: Request, of: string): Promise<Response> =>
  answerEmbed(request, { kind: 'feed', of }, async (deps, embed) => ({
    body: await writeFeed(deps, embed.surfaceId, deps.config.consoleUrl + pathOf(request)),
    headers: { 'content-type': 'application/feed+json; charset=utf-8' },
  }))

/** `OPTIONS /feed/…`: a script of another site may ask with `If-None-Match`. */
export const answerFeedPreflight = (): Response =>
  new Response(null, {
    status: 204,
    headers: {
      ...OF_KIND.feed,
      allow: 'GET, HEAD, OPTIONS',
      'access-control-allow-methods': 'GET, HEAD',
      'access-control-allow-headers': 'if-none-match',
      'access-control-max-age': '600',
    },
  })

/** On refusals too, or a script could tell neither a revoked address nor when to ask again. */
const OF_KIND = {
  badge: {},
  feed: { 'access-control-allow-origin': '*', 'access-control-expose-headers': 'etag, retry-after' },
} as const satisfies Record<EmbedKind, Readonly<Record<string, string>>>

const pathOf = (request: Request): string => {
  const { pathname, search } = new URL(request.url)
  return pathname + search
}

interface Answer {
  readonly body: string
  readonly headers: Readonly<Record<string, string>>
}

async function answerEmbed(
  request: Request,
  asked: { readonly kind: EmbedKind; readonly of: string },
  write: (deps: Deps, embed: { readonly surfaceId: string | null }) => Promise<Answer>,
): Promise<Response> {
  const deps = getDeps()
  try {
    const embed = await requireEmbed(deps, { ...asked, request })
    const { body, headers } = await write(deps, embed)
    const all = { ...HEADERS, ...OF_KIND[asked.kind], ...headers, etag: etagOf(body) }
    return answerConditionally(request, new Response(body, { headers: all }))
  } catch (thrown) {
    const error = toAppError(thrown)
    logAppError(deps.logger, error, { method: request.method, path: new URL(request.url).pathname })
    return problemResponse(error, OF_KIND[asked.kind])
  }
}

/**
 * Never older than `EMBED_KNOWN_MS`: what was true once is not shown as if it were true now. The version is the running commit as the console
 * knows it; the reported name is shown only if it is of that commit.
 */
async function readBadgeFacts({ db, now }: Pick<Deps, 'db' | 'now'>, id: string) {
  const [surface, running] = await Promise.all([
    db.surface.findUniqueOrThrow({
      where: { id },
      select: {
        ...{ name: true, health: true, healthCheckedAt: true, archivedAt: true },
        ...{ runningSha: true, runningSeenAt: true, reportedVersion: true },
      },
    }),
    readRunning(db, [id]),
  ])
  const isKnown = (at: Date | null) => at !== null && now().getTime() - at.getTime() <= EMBED_KNOWN_MS
  const { name, runningSha, reportedVersion } = surface
  if (surface.archivedAt !== null) return { name, version: null, health: 'archived' as const }
  const runs = running.get(id)?.runs ?? null
  const version = runs === null ? null : ((runs === runningSha ? reportedVersion : null) ?? shortSha(runs))
  return {
    name,
    version: isKnown(surface.runningSeenAt) ? version : null,
    health: isKnown(surface.healthCheckedAt) ? healthOf(surface.health) : ('unknown' as const),
  }
}

const healthOf = (stored: string): HealthState => HEALTH_STATES.find((state) => state === stored) ?? 'unknown'
