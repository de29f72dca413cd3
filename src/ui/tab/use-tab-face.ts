'use client'

import { useEffect } from 'react'
import running from '~/ui/tab/running.svg'
import stopped from '~/ui/tab/stopped.svg'
import succeeded from '~/ui/tab/succeeded.svg'
import type { TabFace, TabIcon } from '~/ui/tab/tab-face'

const ICONS: Readonly<Record<Exclude<TabIcon, 'idle'>, string>> = {
  running: running.src,
  succeeded: succeeded.src,
  stopped: stopped.src,
}

/** The page's own icon, as the server rendered it; remembered before the first change. */
let idleIcon: string | null = null

function showIcon(icon: TabIcon): void {
  const link = document.querySelector<HTMLLinkElement>('link[rel="icon"]')
  if (link === null) return
  idleIcon ??= link.href
  const href = icon === 'idle' ? idleIcon : ICONS[icon]
  if (link.href !== href) link.href = href
}

/** Keeps the browser tab's title and icon in step with a running deploy. */
export function useTabFace({ title, icon }: TabFace): void {
  useEffect(() => {
    document.title = title
    showIcon(icon)
  }, [title, icon])
}
