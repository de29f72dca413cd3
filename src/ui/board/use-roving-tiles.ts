'use client'

import { type KeyboardEvent, useCallback, useRef, useState } from 'react'
import { arrowTarget, isArrow } from '~/ui/board/arrow-target'

const FOCUS_MARK = 'data-tile-focus'

/** One tile is in the tab order; arrow keys, from anywhere in a tile, move it and the focus. */
export function useRovingTiles() {
  const grid = useRef<HTMLElement>(null)
  const [current, setCurrent] = useState<string | null>(null)

  const focusTile = useCallback((id: string) => {
    const mark = [...(grid.current?.querySelectorAll<HTMLElement>(`[${FOCUS_MARK}]`) ?? [])]
    mark.find((element) => element.getAttribute(FOCUS_MARK) === id)?.focus()
  }, [])

  const onKeyDown = useCallback(
    (event: KeyboardEvent) => {
      if (!isArrow(event.key) || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return
      if (!(event.target instanceof Element)) return
      const from = event.target.closest('[data-surface]')?.getAttribute('data-surface')
      if (from == null || grid.current === null) return
      const boxes = [...grid.current.querySelectorAll('[data-surface]')].map((element) => {
        const { left, top } = element.getBoundingClientRect()
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
