'use client'

import { type RefObject, startTransition, useCallback, useEffect, useState } from 'react'
import { flushSync } from 'react-dom'

/** Places in a list, the second not included. */
interface Range {
  readonly from: number
  readonly to: number
}

/** What a first screen may show, before anything is measured. A list that is not longer shows all details: leaving some out saves nothing. */
const FIRST: Range = { from: 0, to: 40 }
const ALL: Range = { from: 0, to: Number.POSITIVE_INFINITY }

/** Further than this from one frame to the next, nobody reads details, and adding them would make the scrolling stutter more. */
const READABLE_PX = 50
const REST_MS = 100

/**
 * The elements of a list that are on the screen, or within one screen of it. While the page scrolls quickly, the answer waits until the
 * page rests. On paper, all of them (ADR 068).
 */
export function useNear(list: RefObject<HTMLElement | null>): Range {
  const [near, setNear] = useState(FIRST)
  const [printing, setPrinting] = useState(false)
  const look = useCallback(() => {
    if (list.current === null) return
    const { children } = list.current
    if (children.length <= FIRST.to) return setNear(FIRST)
    const screen = window.innerHeight
    const from = firstPlace(children, ({ bottom }) => bottom > -screen)
    const to = firstPlace(children, ({ top }) => top > 2 * screen)
    // Details may come a few frames later: the key or the scrolling that led here is shown first.
    startTransition(() => setNear((before) => (before.from === from && before.to === to ? before : { from, to })))
  }, [list])

  // What the page shows above the list may have changed its place.
  useEffect(look)

  useEffect(() => {
    const gone = new AbortController()
    let rest: ReturnType<typeof setTimeout> | undefined
    let last = window.scrollY
    const onScroll = () => {
      const isReadable = Math.abs(window.scrollY - last) <= READABLE_PX
      last = window.scrollY
      clearTimeout(rest)
      rest = setTimeout(look, REST_MS)
      if (isReadable) look()
    }
    const { signal } = gone
    window.addEventListener('scroll', onScroll, { passive: true, signal })
    window.addEventListener('resize', look, { passive: true, signal })
    window.addEventListener('beforeprint', () => flushSync(() => setPrinting(true)), { signal })
    window.addEventListener('afterprint', () => setPrinting(false), { signal })
    return () => {
      gone.abort()
      clearTimeout(rest)
    }
  }, [look])
  return printing ? ALL : near
}

/** The first element, in the order of the page, whose box is as far down; their number if none is. Measures a few of them. */
export function firstPlace(
  elements: ArrayLike<Pick<Element, 'getBoundingClientRect'>>,
  isFar: (box: Pick<DOMRect, 'top' | 'bottom'>) => boolean,
): number {
  let [from, to] = [0, elements.length]
  while (from < to) {
    const middle = Math.floor((from + to) / 2)
    const element = elements[middle]
    if (element !== undefined && isFar(element.getBoundingClientRect())) to = middle
    else from = middle + 1
  }
  return from
}
