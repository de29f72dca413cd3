'use client'

import { useCallback, useLayoutEffect, useRef, useState } from 'react'

interface LogShape {
  readonly rows: number
  /** Number of the first line. Decreases when older lines are added above. */
  readonly first: number
}

/** Keeps a box scrolled to its end while the reader is there. */
export function useFollow({ rows, first }: LogShape) {
  const box = useRef<HTMLDivElement>(null)
  const [following, setFollowing] = useState(true)
  const before = useRef({ height: 0, first })

  // A scrolling area must be reachable by keyboard (WCAG 2.1.1). Safari does not make it focusable by itself.
  useLayoutEffect(() => {
    if (box.current !== null) box.current.tabIndex = 0
  }, [])

  const onScroll = useCallback(() => {
    if (box.current !== null) setFollowing(isAtEnd(box.current))
  }, [])

  const jumpToLatest = useCallback(() => {
    if (box.current === null) return
    box.current.scrollTop = box.current.scrollHeight
    setFollowing(true)
  }, [])

  useLayoutEffect(() => {
    const element = box.current
    if (element === null || rows === 0) return
    const scrollTop = scrollAfterChange({
      following,
      scrollTop: element.scrollTop,
      heightBefore: before.current.height,
      heightAfter: element.scrollHeight,
      addedAbove: first < before.current.first,
    })
    before.current = { height: element.scrollHeight, first }
    if (scrollTop !== null) element.scrollTop = scrollTop
  }, [rows, first, following])

  // The box may change its size: when a deploy ends, or when the window is resized.
  useLayoutEffect(() => {
    const element = box.current
    if (element === null || !following) return
    const observer = new ResizeObserver(() => {
      element.scrollTop = element.scrollHeight
    })
    observer.observe(element)
    return () => observer.disconnect()
  }, [following])

  return { box, following, onScroll, jumpToLatest }
}

/** A few pixels of tolerance: fractional scroll positions must not end following. */
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
 * Where to scroll after the content changed: to the end while following; otherwise lines added above must not move what
 * the reader sees. Null: nowhere.
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
