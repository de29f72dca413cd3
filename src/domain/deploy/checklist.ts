import { z } from 'zod'
import { inSentence, isVisible } from '~/domain/foreign-text'
import { storableText, UNSEEN } from '~/domain/input'

/** Few enough that every line is read before each deploy. */
export const CHECKLIST_LINES = 10
const LINE_LENGTH = 160

/** One line of a declared checklist. */
export const checklistLine = storableText.trim().min(1, 'is empty').max(LINE_LENGTH).refine(isVisible, UNSEEN)

/** What a request ticks. It is only compared with the declared lines. */
export const tickedLines = z.array(storableText.max(LINE_LENGTH)).max(CHECKLIST_LINES)

/** What has to be ticked: every declared line, and none for a rollback, which ships a commit that this surface has run (docs/adr/063). */
export const linesToTick = (
  declared: readonly string[],
  source: { readonly kind: string } | null | undefined,
): readonly string[] => (source?.kind === 'rollback' ? [] : declared)

/** How the ticked lines differ from the declared ones, as a sentence; null if they are the same. The order does not count. */
export function explainUnticked(
  declared: readonly string[],
  ticked: readonly string[],
): { readonly sentence: string; readonly line: string } | null {
  const missing = declared.find((line) => !ticked.includes(line))
  if (missing !== undefined) return { sentence: `“${inSentence(missing)}” is not ticked.`, line: missing }
  const unknown = ticked.find((line, index) => !declared.includes(line) || ticked.indexOf(line) < index)
  if (unknown === undefined) return null
  const isTwice = declared.includes(unknown)
  return {
    sentence: `“${inSentence(unknown)}” is ${isTwice ? 'ticked twice' : 'not a line of the checklist'}.`,
    line: unknown,
  }
}
