import 'server-only'
import { HEARING_WRITTEN_MS, type Hearing, type WebhookSubject } from '~/domain/github/webhook-hearing'
import type { DatabaseHandle } from '~/server/platform/database'

/** The repository of a ping that names none: a GitHub App's, or an organisation's. */
export const NO_REPOSITORY = '*'

/** Puts on record that a webhook came. A row that is fresh enough is left as it is: a storm of webhooks writes one row. */
export async function recordHearing(
  db: DatabaseHandle,
  heard: {
    readonly repository: string
    readonly subjects: readonly WebhookSubject[]
    readonly event: string
    readonly at: Date
  },
): Promise<void> {
  const staleSince = new Date(heard.at.getTime() - HEARING_WRITTEN_MS)
  await db.$executeRaw`
    INSERT INTO "webhook_hearings" AS h ("repository", "subject", "event", "heard_at_utc")
    SELECT lower(${heard.repository}), unnest(${[...heard.subjects]}::text[]), ${heard.event}, ${heard.at}
    ON CONFLICT ("repository", "subject") DO UPDATE
    SET "event" = excluded."event", "heard_at_utc" = excluded."heard_at_utc"
    WHERE h."heard_at_utc" IS NULL OR h."heard_at_utc" < ${staleSince}`
}

/** Puts on record the newest activity that GitHub listed. Nothing is written when the same or newer activity is known. */
export async function recordActivity(
  db: DatabaseHandle,
  { repository, subject, at }: { readonly repository: string; readonly subject: WebhookSubject; readonly at: Date },
): Promise<void> {
  await db.$executeRaw`
    INSERT INTO "webhook_hearings" AS h ("repository", "subject", "active_at_utc")
    VALUES (lower(${repository}), ${subject}, ${at})
    ON CONFLICT ("repository", "subject") DO UPDATE SET "active_at_utc" = excluded."active_at_utc"
    WHERE h."active_at_utc" IS NULL OR h."active_at_utc" < excluded."active_at_utc"`
}

/** What was heard about a subject, by repository in lower case. */
export async function readHearings(db: DatabaseHandle, subject: WebhookSubject): Promise<ReadonlyMap<string, Hearing>> {
  const rows = await db.webhookHearing.findMany({
    where: { subject },
    select: { repository: true, heardAt: true, activeAt: true },
  })
  return new Map(rows.map(({ repository, ...hearing }) => [repository, hearing]))
}

/** Everything that was heard, the newest first. */
export function listHearings(db: DatabaseHandle) {
  return db.webhookHearing.findMany({ orderBy: [{ heardAt: 'desc' }] })
}
