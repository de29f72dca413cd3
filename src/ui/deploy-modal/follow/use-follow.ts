'use client'

import { useCallback, useLayoutEffect, useRef, useState } from 'react'
import { isAtEnd, scrollAfterChange } from '~/ui/deploy-modal/follow/follow'

interface LogShape {
  readonly rows: number
  /** Number of the first line: it falls when older lines are put above. */
  readonly first: number
}

/** Keeps a box at its end while the reader is there, and leaves it alone otherwise. */
export function useFollow({ rows, first }: LogShape) {
  const box = useRef<HTMLDivElement>(null)
  const [following, setFollowing] = useState(true)
  const before = useRef({ height: 0, first })

  // What scrolls must be reachable by keyboard (WCAG 2.1.1). Set here: Safari alone does not do it by itself.
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

  // The box itself may change: the end of a deploy takes room from the log, and so does a smaller window.
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
