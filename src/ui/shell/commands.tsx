'use client'

import { useRouter } from 'next/navigation'
import { createContext, type ReactNode, useContext, useEffect, useMemo, useRef, useState } from 'react'
import type { MemberView } from '~/domain/member'
import { isShortcut } from '~/ui/preferences/single-keys'
import { late } from '~/ui/primitives/late'
import { isDialogOpen } from '~/ui/primitives/open-dialog'
import { pagesFor } from '~/ui/shell/pages'

const Palette = late(async () => (await import('~/ui/palette/palette')).Palette)
const KeyHelp = late(async () => (await import('~/ui/palette/key-help')).KeyHelp)

type Shown = 'palette' | 'keys' | null

const Show = createContext<(shown: Shown) => void>(() => undefined)

/** Opens the palette or the list of keys. */
export const useShow = (): ((shown: Shown) => void) => useContext(Show)

/** How long after `g` a letter still names a page. */
const SEQUENCE_MS = 1_500

interface CommandsProps {
  readonly member: MemberView
  readonly children: ReactNode
}

/** The palette, the list of keys, and the keys that work on every page. */
export function Commands({ member, children }: CommandsProps) {
  const [shown, show] = useState<Shown>(null)
  const router = useRouter()
  const pages = useMemo(() => pagesFor(member), [member])
  const startedAt = useRef(0)

  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() === 'k' && (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey) {
        if (isDialogOpen()) return
        event.preventDefault()
        return show('palette')
      }
      if (!isShortcut(event)) return
      const isSecond = event.timeStamp - startedAt.current < SEQUENCE_MS && startedAt.current > 0
      startedAt.current = 0
      const page = isSecond ? pages.find(({ key }) => key === event.key) : undefined
      if (page !== undefined) {
        event.preventDefault()
        event.stopPropagation()
        router.push(page.href)
      } else if (event.key === 'g') startedAt.current = event.timeStamp
      else if (event.key === '?') show('keys')
    }
    // Before a tile, which has keys of its own: after `g`, `l` leads to a page.
    window.addEventListener('keydown', onKeyDown, { capture: true })
    return () => window.removeEventListener('keydown', onKeyDown, { capture: true })
  }, [router, pages])

  const close = () => show(null)
  return (
    <Show value={show}>
      {children}
      <Palette
        needed={shown === 'palette'}
        open={shown === 'palette'}
        member={member}
        pages={pages}
        onClose={close}
        onKeys={() => show('keys')}
      />
      <KeyHelp needed={shown === 'keys'} open={shown === 'keys'} pages={pages} onClose={close} />
    </Show>
  )
}
