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
import { limitAddress } from '~/server/platform/http/rate-limits'

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
    headers: { 'content-type': 'application/feed+json; charset=utf-8', 'access-control-allow-origin': '*' },
  }))

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
    limitAddress(deps, request)
    const embed = await requireEmbed(deps, { ...asked, query: new URL(request.url).searchParams })
    const { body, headers } = await write(deps, embed)
    return answerConditionally(request, new Response(body, { headers: { ...HEADERS, ...headers, etag: etagOf(body) } }))
  } catch (thrown) {
    const error = toAppError(thrown)
    logAppError(deps.logger, error, { method: request.method, path: new URL(request.url).pathname })
    return problemResponse(error)
  }
}

/** Never older than `EMBED_KNOWN_MS`: what was true once is not shown as if it were true now. */
async function readBadgeFacts({ db, now }: Pick<Deps, 'db' | 'now'>, id: string) {
  const surface = await db.surface.findUniqueOrThrow({
    where: { id },
    select: {
      ...{ name: true, health: true, healthCheckedAt: true, archivedAt: true },
      ...{ runningSha: true, runningSeenAt: true, reportedVersion: true },
    },
  })
  const isKnown = (at: Date | null) => at !== null && now().getTime() - at.getTime() <= EMBED_KNOWN_MS
  const { name, runningSha, reportedVersion } = surface
  if (surface.archivedAt !== null) return { name, version: null, health: 'archived' as const }
  const version = reportedVersion ?? (runningSha === null ? null : shortSha(runningSha))
  return {
    name,
    version: isKnown(surface.runningSeenAt) ? version : null,
    health: isKnown(surface.healthCheckedAt) ? healthOf(surface.health) : ('unknown' as const),
  }
}

const healthOf = (stored: string): HealthState => HEALTH_STATES.find((state) => state === stored) ?? 'unknown'
