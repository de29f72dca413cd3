import 'server-only'
import { HEARING_WRITTEN_MS, type Hearing, type WebhookSubject } from '~/domain/github/webhook-hearing'
import type { DatabaseHandle } from '~/server/platform/database'

/** Stands for the repository of a ping that names none, from a GitHub App or an organisation. */
export const NO_REPOSITORY = '*'

/** Records that a webhook arrived. A recent row is not written again, so a burst of webhooks writes one row. */
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

/** Records the newest activity that GitHub listed. Writes nothing when the same or newer activity is on record. */
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

/** The hearings of a subject, by repository in lower case. */
export async function readHearings(db: DatabaseHandle, subject: WebhookSubject): Promise<ReadonlyMap<string, Hearing>> {
  const rows = await db.webhookHearing.findMany({
    where: { subject },
    select: { repository: true, heardAt: true, activeAt: true },
  })
  return new Map(rows.map(({ repository, ...hearing }) => [repository, hearing]))
}

/** Null when nothing about the subject was heard or seen in the repository. */
export function findHearing(db: DatabaseHandle, repository: string, subject: WebhookSubject): Promise<Hearing | null> {
  return db.webhookHearing.findUnique({
    where: { repository_subject: { repository: repository.toLowerCase(), subject } },
    select: { heardAt: true, activeAt: true },
  })
}

/** All hearings, the newest first. */
export function listHearings(db: DatabaseHandle) {
  return db.webhookHearing.findMany({ orderBy: [{ heardAt: 'desc' }] })
}
