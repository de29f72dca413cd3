export interface Box {
  readonly id: string
  readonly left: number
  readonly top: number
}

const ARROWS = ['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown', 'Home', 'End'] as const
export type Arrow = (typeof ARROWS)[number]

export function isArrow(key: string): key is Arrow {
  return ARROWS.some((arrow) => arrow === key)
}

/**
 * Where an arrow leads from a tile, by where the tiles really are: left and right follow the reading order, up and
 * down go to the nearest tile of the neighbouring row, across groups. Null where there is nowhere to go.
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
