import { z } from 'zod'
import { isVisible } from '~/domain/foreign-text'

// The schemas of everything a request may carry. Each refuses what its column cannot hold.

/** PostgreSQL can hold neither U+0000 in a text nor half of a surrogate pair in JSON. */
const UNPAIRED_SURROGATE = /\p{Cs}/gu

/** For events, which must not be lost: a character that cannot be stored is replaced by a visible one. */
export function storable(text: string): string {
  return text.replaceAll('\u0000', '\u2400').replace(UNPAIRED_SURROGATE, '\uFFFD')
}

/** For requests, which can be sent again: a text with a character that cannot be stored is refused. */
export const storableText = z
  .string()
  .refine(
    (text) => storable(text) === text,
    'contains a character that cannot be stored (U+0000 or an unpaired surrogate)',
  )

export const UNSEEN = 'holds a control or format character, which cannot be seen'

/** A name that a person chooses. With an invisible character it could look like another name. */
export const nameText = storableText.trim().min(1).max(100).refine(isVisible, UNSEEN)

/** The name of an environment or the id of a surface, which must exist. */
export const environmentName = storableText.min(1).max(100)
export const surfaceId = storableText.min(1).max(100)

/** The reason for an action. */
export const reasonText = storableText.trim().max(500)
export const requiredReason = storableText.trim().min(1, 'say why').max(500)

export const id = z.uuid()

/** Inputs of a person's own account: the name, a passkey's name, one of the person's own things. */
export const accountName = z.object({ name: nameText })
export const passkeyName = z.object({ id, name: nameText })
export const ownId = z.object({ id })

const MAX_INT = 2_147_483_647
const MAX_BIGINT = 9_223_372_036_854_775_807n

const bigintDigits = (expected: string) =>
  z.string().refine((digits) => /^[1-9]\d{0,18}$/.test(digits) && BigInt(digits) <= MAX_BIGINT, expected)

/** A cursor: the id of the last row of the previous page. */
export const rowCursor = bigintDigits('expected a cursor')

/** The number of a log line within its deploy; as text in a query. */
export const lineCursor = z.int().positive().max(MAX_INT)
export const lineCursorText = z
  .string()
  .regex(/^[1-9]\d{0,9}$/, 'expected a log_cursor')
  .transform(Number)
  .pipe(lineCursor)

/** Run ids outgrow what a JSON number holds exactly, so a string of digits is the preferred form. */
export const runIdText = bigintDigits('expected the digits of a run id').transform(BigInt)

export const pageSize = z.int().min(1).max(200).default(50)

/** Years that ISO 8601 writes with four digits. Every part of the console can hold them. */
const EARLIEST = 0
const LATEST = Date.UTC(9999, 11, 31, 23, 59, 59, 999)
const isInRange = (date: Date) => date.getTime() >= EARLIEST && date.getTime() <= LATEST
const OUT_OF_RANGE = 'is not between the years 1970 and 9999 (UTC)'

/** A time with its offset from UTC, such as `2026-11-21T16:00:00+01:00`. */
export const instant = z.iso
  .datetime({ offset: true })
  .transform((text) => new Date(text))
  .refine(isInRange, OUT_OF_RANGE)

const DAY_MS = 86_400_000
const dayOrTime = z.union(
  [z.iso.date(), z.iso.datetime({ offset: true })],
  'expected a day or a time, such as 2026-11-21',
)

/** The start of a range. A day begins at midnight UTC. */
export const rangeStart = dayOrTime.transform((text) => new Date(text)).refine(isInRange, OUT_OF_RANGE)

/** The end of a range. A day is included as a whole. */
export const rangeEnd = dayOrTime
  .transform((text) => ({ text, date: new Date(text) }))
  .refine(({ date }) => isInRange(date), OUT_OF_RANGE)
  .transform(({ text, date }) => (text.length > 10 ? date : new Date(Math.min(date.getTime() + DAY_MS, LATEST))))
