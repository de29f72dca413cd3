import 'server-only'
import { SHIPPED, type Shipped, statusWord } from '~/domain/deploy/status'
import { visible } from '~/domain/foreign-text'
import type { Deps } from '~/server/deps'

const ITEMS = 50

const SHIPPED_WORDS = {
  yes: 'The version was shipped.',
  no: 'Nothing was shipped.',
  unknown: 'It is not known whether the version was shipped.',
} as const satisfies Record<Shipped, string>

/**
 * The last deploys of a surface, or of all, that have ended, as JSON Feed 1.1 (https://jsonfeed.org/version/1.1). Names neither people nor
 * refs, messages or reasons.
 */
export async function writeFeed(
  { db, config }: Pick<Deps, 'db' | 'config'>,
  surfaceId: string | null,
  feedUrl: string,
): Promise<string> {
  const rows = await db.deploy.findMany({
    where: { finishedAt: { not: null }, ...(surfaceId === null ? {} : { surfaceId }) },
    orderBy: { id: 'desc' },
    take: ITEMS,
    select: {
      ...{ id: true, environment: true, kind: true, status: true, shipped: true, sha: true },
      ...{ requestedAt: true, finishedAt: true, surface: { select: { id: true, name: true } } },
    },
  })
  const surface =
    surfaceId === null ? null : await db.surface.findUniqueOrThrow({ where: { id: surfaceId }, select: { name: true } })
  return `${JSON.stringify({
    version: 'https://jsonfeed.org/version/1.1',
    title: surface === null ? 'Deploys' : `Deploys of ${visible(surface.name)}`,
    home_page_url: config.consoleUrl,
    feed_url: feedUrl,
    items: rows.map((row) => ({
      id: row.id,
      url: `${config.consoleUrl}/deploys/${row.id}`,
      title: `${visible(row.surface.name)}: ${statusWord(row.status)}`,
      content_text: SHIPPED_WORDS[SHIPPED.find((known) => known === row.shipped) ?? 'unknown'],
      date_published: row.finishedAt?.toISOString(),
      tags: [row.environment, row.status],
      _deploy: {
        surface: row.surface.id,
        environment: row.environment,
        kind: row.kind,
        status: row.status,
        shipped: row.shipped,
        commit: row.sha,
        requested_at: row.requestedAt.toISOString(),
        finished_at: row.finishedAt?.toISOString(),
      },
    })),
  })}\n`
}
