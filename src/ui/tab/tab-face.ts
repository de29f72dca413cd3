'use client'

import { useEffect } from 'react'
import type { DeploySummary } from '~/domain/deploy/view'
import { inSentence } from '~/domain/foreign-text'
import { outcomeOf, positionWord } from '~/ui/status/status-words'
import running from '~/ui/tab/running.svg'
import stopped from '~/ui/tab/stopped.svg'
import succeeded from '~/ui/tab/succeeded.svg'

const ICONS: Readonly<Record<Exclude<TabIcon, 'idle'>, string>> = {
  running: running.src,
  succeeded: succeeded.src,
  stopped: stopped.src,
}

/** The icon that the server rendered, remembered before the first change. */
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

const PRODUCT = 'Deploy Console'

type TabIcon = 'idle' | 'running' | 'succeeded' | 'stopped'

interface TabFace {
  readonly title: string
  readonly icon: TabIcon
}

interface NamedDeploy {
  readonly surface: string
  readonly deploy: DeploySummary
}

/** The tab's title and icon: the deploy that the modal shows, else the running deploys. */
export function tabFace(open: NamedDeploy | null, running: readonly NamedDeploy[]): TabFace {
  if (open?.deploy.terminal === true) {
    const succeeded = outcomeOf(open.deploy.status) === 'succeeded'
    const title = `${succeeded ? '✓' : '✕'} ${inSentence(open.surface)}: ${open.deploy.headline} — ${PRODUCT}`
    return { title, icon: succeeded ? 'succeeded' : 'stopped' }
  }
  const [first, ...others] = open === null ? running : [open]
  if (first === undefined) return { title: PRODUCT, icon: 'idle' }
  if (others.length > 0) return { title: `● ${running.length} deploys running — ${PRODUCT}`, icon: 'running' }
  return { title: `● ${inSentence(first.surface)}: ${positionWord(first.deploy)} — ${PRODUCT}`, icon: 'running' }
}
