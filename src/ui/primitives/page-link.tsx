'use client'

import Link from 'next/link'
import { type ComponentProps, useState } from 'react'

/**
 * A link to a page of the console. The page is fetched ahead once somebody points at the link, not because the link is on
 * the screen: a grid of 200 surfaces has 200 of them.
 */
export function PageLink<Path>(
  props: Omit<ComponentProps<typeof Link<Path>>, 'prefetch' | 'onPointerEnter' | 'onFocus'>,
) {
  const [isNear, setIsNear] = useState(false)
  const prefetch = () => setIsNear(true)
  return <Link {...props} prefetch={isNear ? null : false} onPointerEnter={prefetch} onFocus={prefetch} />
}
