import 'server-only'
import { z } from 'zod'
import type { Actor } from '~/domain/actor'
import { EMBED_KINDS, EMBEDS_AT_MOST, type EmbedKind, type EmbedView } from '~/domain/embed'
import { AppError } from '~/domain/errors'
import { appendAuditEvent } from '~/server/audit/append-audit'
import { requireFreshProof, requireReach, requireWholeReach } from '~/server/auth/authorize'
import type { Deps } from '~/server/deps'
import { hmac, isEqual } from '~/server/platform/crypto'
import type { DatabaseHandle } from '~/server/platform/database'
import { limitEmbed, limitUnsigned } from '~/server/platform/http/rate-limits'
import { lockEmbeds } from '~/server/platform/locks.sql'

interface Embed {
  readonly id: string
  readonly kind: EmbedKind
  /** Null: a feed of all surfaces. */
  readonly surfaceId: string | null
}

/** The addresses of a surface, or those of feeds of all surfaces, which nobody has revoked. The newest first. */
export async function listEmbeds(
  deps: Pick<Deps, 'db' | 'config'>,
  surfaceId: string | null,
): Promise<readonly EmbedView[]> {
  const rows = await deps.db.embed.findMany({
    where: { surfaceId, revokedAt: null },
    orderBy: { id: 'desc' },
    select: embedSelect,
  })
  return rows.flatMap((row) => embedView(deps, row) ?? [])
}

const embedSelect = { id: true, kind: true, surfaceId: true, createdBy: true, createdAt: true } as const

interface EmbedRow {
  readonly id: string
  readonly kind: string
  readonly surfaceId: string | null
  readonly createdBy: string
  readonly createdAt: Date
}

const kindOfRow = (stored: string): EmbedKind | null => EMBED_KINDS.find((kind) => kind === stored) ?? null

function embedView({ config }: Pick<Deps, 'config'>, { createdAt, ...row }: EmbedRow): EmbedView | null {
  const kind = kindOfRow(row.kind)
  if (kind === null) return null
  const { id, createdBy } = row
  const address = embedAddress(config, { ...row, kind })
  return { id, kind, address, createdBy, createdAt: createdAt.toISOString() }
}

/**
 * The address needs no session, so creating it needs a fresh proof and the reach.
 *
 * @throws AppError `surface_unknown`, `permission_refused`, `proof_stale`, `embeds_full`
 */
export async function createEmbed(
  deps: Pick<Deps, 'db' | 'config' | 'now' | 'newId'>,
  actor: Actor,
  { kind, surfaceId }: Omit<Embed, 'id'>,
): Promise<EmbedView> {
  await requireScope(deps.db, actor, surfaceId)
  requireFreshProof(deps, actor, 'creating an address that needs no session')
  const row = { id: deps.newId(), kind, surfaceId, createdBy: actor.name, createdAt: deps.now() }
  await deps.db.$transaction(async (tx) => {
    await lockEmbeds(tx, surfaceId)
    if ((await tx.embed.count({ where: { surfaceId, revokedAt: null } })) >= EMBEDS_AT_MOST) {
      throw new AppError(
        'embeds_full',
        `There are ${EMBEDS_AT_MOST} addresses already. Nothing was created. Revoke one first.`,
      )
    }
    await tx.embed.create({ data: row, select: { id: true } })
    await appendAuditEvent(tx, subjectOf(actor, row, row.createdAt), {
      action: 'console.embed.created',
      status: null,
      payload: { embed_id: row.id, kind },
    })
  })
  const view = embedView(deps, row)
  if (view === null) throw new Error(`the kind ${kind} is not known`)
  return view
}

async function requireScope(db: DatabaseHandle, actor: Actor, surfaceId: string | null): Promise<void> {
  if (surfaceId === null) return requireWholeReach(actor, 'create a feed of all surfaces')
  const found = await db.surface.findUnique({ where: { id: surfaceId }, select: { environment: true } })
  if (found !== null) return requireReach(actor, { environment: found.environment, surfaceId })
  throw new AppError('surface_unknown', `There is no surface "${surfaceId}". Nothing was created. Check the id.`)
}

const subjectOf = (actor: Actor, { surfaceId }: Pick<Embed, 'surfaceId'>, at: Date) => ({
  actor: actor.name,
  at,
  ...(surfaceId === null ? {} : { surfaceId }),
})

/** The address answers as an unknown one from now on. One that is revoked already counts as revoked. Throws `embed_unknown`. */
export async function revokeEmbed(deps: Pick<Deps, 'db' | 'now'>, actor: Actor, id: string): Promise<void> {
  const at = deps.now()
  await deps.db.$transaction(async (tx) => {
    const row = await tx.embed.findUnique({ where: { id }, select: { kind: true, surfaceId: true } })
    if (row === null) {
      throw new AppError('embed_unknown', 'There is no such address. Nothing was revoked. Load the page again.')
    }
    const data = { revokedAt: at, revokedBy: actor.name }
    const { count } = await tx.embed.updateMany({ where: { id, revokedAt: null }, data })
    if (count === 0) return
    await appendAuditEvent(tx, subjectOf(actor, row, at), {
      action: 'console.embed.revoked',
      status: null,
      payload: { embed_id: id, kind: row.kind },
    })
  })
}

/** `all` in an address is the feed of all surfaces, unless the signature is that of a surface with this id. */
const ALL = 'all'

function embedAddress(config: Pick<Deps['config'], 'consoleUrl' | 'authSecrets'>, embed: Embed): string {
  const of = encodeURIComponent(embed.surfaceId ?? ALL)
  const url = new URL(embed.kind === 'badge' ? `/badge/${of}.svg` : `/feed/${of}`, config.consoleUrl)
  url.searchParams.set('id', embed.id)
  url.searchParams.set('signature', signatureOf(config.authSecrets[0] ?? '', embed))
  return url.href
}

/** JSON keeps the parts apart, and null from a surface that is named "null". */
const signatureOf = (secret: string, { id, kind, surfaceId }: Embed): string =>
  hmac(secret, 'embed', JSON.stringify([kind, surfaceId, id])).toString('base64url')

const sentId = z.uuid()
/** Is asked for if the sent id is none, so that every refusal takes one look-up. */
const NOBODYS = '00000000-0000-0000-0000-000000000000'

/**
 * The embed behind an address. Throws `address_unknown` for an address that is unknown, forged, revoked, or of another surface or kind: after the
 * same look-up, and with the same words. Before the look-up, a signed address counts for its embed, and any other for the asking address.
 */
export async function requireEmbed(
  deps: Pick<Deps, 'db' | 'config' | 'rateLimits'>,
  asked: { readonly kind: EmbedKind; readonly of: string; readonly request: Request },
): Promise<Embed> {
  const { kind, of, request } = asked
  const { searchParams: query } = new URL(request.url)
  const id = sentId.safeParse(query.get('id')).data ?? NOBODYS
  const signed = signedEmbed(deps, { id, kind, of, signature: query.get('signature') ?? '' })
  if (signed === null) limitUnsigned(deps, request)
  else limitEmbed(deps, id)
  const row = await deps.db.embed.findUnique({
    where: { id },
    select: { kind: true, surfaceId: true, revokedAt: true },
  })
  if (signed !== null && row?.kind === kind && row.revokedAt === null && row.surfaceId === signed.surfaceId) {
    return signed
  }
  throw new AppError('address_unknown', 'There is nothing at this address. Nothing was done. Check the address.')
}

/** What the signature is of, if it is one of the console. */
function signedEmbed(
  { config }: Pick<Deps, 'config'>,
  { id, kind, of, signature }: Pick<Embed, 'id' | 'kind'> & { readonly of: string; readonly signature: string },
): Embed | null {
  const named = [of, ...(kind === 'feed' && of === ALL ? [null] : [])].map((surfaceId) => ({ id, kind, surfaceId }))
  const signs = (embed: Embed) => (secret: string) => isEqual(signature, signatureOf(secret, embed))
  return named.find((embed) => config.authSecrets.some(signs(embed))) ?? null
}
