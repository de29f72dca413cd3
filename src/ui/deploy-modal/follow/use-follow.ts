'use client'

import { type RefObject, useCallback, useLayoutEffect, useState } from 'react'

/** Keeps a box scrolled to its end while the reader is there. `height` changes with its content. */
export function useFollow(box: RefObject<HTMLElement | null>, height: number) {
  const [following, setFollowing] = useState(true)

  // A scrolling area must be reachable by keyboard (WCAG 2.1.1). Safari does not make it focusable by itself.
  useLayoutEffect(() => {
    if (box.current !== null) box.current.tabIndex = 0
  }, [box])

  const onScroll = useCallback(() => {
    if (box.current !== null) setFollowing(isAtEnd(box.current))
  }, [box])

  // biome-ignore lint/correctness/useExhaustiveDependencies: scrolls again when the content has another height.
  useLayoutEffect(() => {
    if (following && box.current !== null) box.current.scrollTop = box.current.scrollHeight
  }, [height, following, box])

  // The box may change its size: when a deploy ends, or when the window is resized.
  useLayoutEffect(() => {
    const element = box.current
    if (element === null || !following) return
    const observer = new ResizeObserver(() => {
      element.scrollTop = element.scrollHeight
    })
    observer.observe(element)
    return () => observer.disconnect()
  }, [following, box])

  return { following, setFollowing, onScroll }
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
