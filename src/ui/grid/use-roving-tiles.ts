'use client'

import { type KeyboardEvent, useCallback, useRef, useState } from 'react'

const FOCUS_MARK = 'data-tile-focus'

/** Tiles that may be in the next row or the one before. A row has four, and measuring hundreds takes longer than a frame. */
const NEAR = 24
const NOWHERE = { left: 0, top: 0 }

/** One tile is in the tab order; arrow keys, from anywhere in a tile, move it and the focus. */
export function useRovingTiles() {
  const grid = useRef<HTMLElement>(null)
  const [current, setCurrent] = useState<string | null>(null)

  const focusTile = useCallback((id: string) => {
    const next = grid.current?.querySelector<HTMLElement>(`[${FOCUS_MARK}="${CSS.escape(id)}"]`)
    // The browser would move it to the middle, and a screen of other tiles with it.
    next?.focus({ preventScroll: true })
    next?.closest('[data-surface]')?.scrollIntoView({ block: 'nearest' })
  }, [])

  const onKeyDown = useCallback(
    (event: KeyboardEvent) => {
      if (!isArrow(event.key) || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return
      if (!(event.target instanceof Element)) return
      const from = event.target.closest('[data-surface]')?.getAttribute('data-surface')
      if (from == null || grid.current === null) return
      const all = [...grid.current.querySelectorAll('[data-surface]')]
      const here = all.findIndex((element) => element.getAttribute('data-surface') === from)
      const isToEnd = event.key === 'Home' || event.key === 'End'
      const near = isToEnd ? all : all.slice(Math.max(0, here - NEAR), here + NEAR + 1)
      const boxes = near.map((element) => {
        const { left, top } = isToEnd ? NOWHERE : element.getBoundingClientRect()
        return { id: element.getAttribute('data-surface') ?? '', left, top }
      })
      const next = arrowTarget(boxes, from, event.key)
      event.preventDefault()
      if (next !== null) focusTile(next)
    },
    [focusTile],
  )

  return { grid, current, setCurrent, focusTile, onKeyDown }
}

interface Box {
  readonly id: string
  readonly left: number
  readonly top: number
}

const ARROWS = ['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown', 'Home', 'End'] as const
type Arrow = (typeof ARROWS)[number]

function isArrow(key: string): key is Arrow {
  return ARROWS.some((arrow) => arrow === key)
}

/**
 * The tile that an arrow key leads to. Left and right follow the reading order; up and down go to the nearest tile of
 * the next row, across groups. Null if there is none.
 */
export function arrowTarget(boxes: readonly Box[], from: string, arrow: Arrow): string | null {
  const index = boxes.findIndex((box) => box.id === from)
  const here = boxes[index]
  if (here === undefined) return boxes[0]?.id ?? null
  if (arrow === 'Home') return boxes[0]?.id ?? null
  if (arrow === 'End') return boxes.at(-1)?.id ?? null
  if (arrow === 'ArrowLeft' || arrow === 'ArrowRight') {
    return boxes[arrow === 'ArrowLeft' ? index - 1 : index + 1]?.id ?? null
  }
  const beyond = boxes.filter((box) => (arrow === 'ArrowUp' ? box.top < here.top : box.top > here.top))
  const tops = beyond.map((box) => box.top)
  const row = arrow === 'ArrowUp' ? Math.max(...tops) : Math.min(...tops)
  const nearest = beyond
    .filter((box) => box.top === row)
    .toSorted((a, b) => Math.abs(a.left - here.left) - Math.abs(b.left - here.left))
  return nearest[0]?.id ?? null
}
