/** A few pixels of play: fractional scroll positions must not end the following. */
const TOLERANCE_PX = 24

/** Whether a scroll position is at the end, so that new lines should keep it there. */
export function isAtEnd(box: {
  readonly scrollTop: number
  readonly scrollHeight: number
  readonly clientHeight: number
}) {
  return box.scrollHeight - box.clientHeight - box.scrollTop <= TOLERANCE_PX
}

/**
 * Where to scroll after the content changed: to the end while following; otherwise the lines under the reader's eyes
 * stay put when older ones are put above them. Null: nowhere.
 */
export function scrollAfterChange(change: {
  readonly following: boolean
  readonly scrollTop: number
  readonly heightBefore: number
  readonly heightAfter: number
  readonly addedAbove: boolean
}): number | null {
  if (change.following) return change.heightAfter
  return change.addedAbove ? change.scrollTop + change.heightAfter - change.heightBefore : null
}
