import 'server-only'
import type { Database } from '~/server/platform/database'
import type { GitHubAnswer } from '~/server/platform/generated/client.ts'

export type StoredAnswer = Omit<GitHubAnswer, 'key'>

/** What nobody asked for again in this time is forgotten; of the rest, as many as fit are kept. */
const KEPT_MS = 3 * 24 * 3_600_000
const KEPT_AT_MOST = 5_000

export function findAnswer(db: Database, key: string): Promise<StoredAnswer | null> {
  return db.gitHubAnswer.findUnique({ where: { key }, omit: { key: true } })
}

export async function keepAnswer(db: Database, key: string, answer: StoredAnswer): Promise<void> {
  await db.gitHubAnswer.upsert({ where: { key }, create: { key, ...answer }, update: answer, select: { key: true } })
}

/** Without an error where the answer was forgotten meanwhile. */
export async function noteAnswerUsed(db: Database, key: string, usedAt: Date): Promise<void> {
  await db.gitHubAnswer.updateMany({ where: { key }, data: { usedAt } })
}

export async function forgetUnusedAnswers(db: Database, now: Date): Promise<void> {
  await db.gitHubAnswer.deleteMany({ where: { usedAt: { lt: new Date(now.getTime() - KEPT_MS) } } })
  const beyond = await db.gitHubAnswer.findFirst({
    orderBy: { usedAt: 'desc' },
    skip: KEPT_AT_MOST,
    select: { usedAt: true },
  })
  if (beyond !== null) await db.gitHubAnswer.deleteMany({ where: { usedAt: { lte: beyond.usedAt } } })
}
