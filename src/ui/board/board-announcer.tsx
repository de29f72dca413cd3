'use client'

import { useEffect, useRef, useState } from 'react'
import type { SurfaceTile } from '~/domain/surface/tile'
import { boardAnnouncement } from '~/ui/status/announcements'

/** Says what changed on the grid. Behind an open dialog it is hidden with the rest of the page. */
export function BoardAnnouncer({ tiles }: { readonly tiles: readonly SurfaceTile[] }) {
  const before = useRef(tiles)
  const [text, setText] = useState('')
  useEffect(() => {
    const sentences = boardAnnouncement(before.current, tiles)
    before.current = tiles
    if (sentences !== '') setText(sentences)
  }, [tiles])
  return (
    <p role="status" className="sr-only">
      {text}
    </p>
  )
}
