'use client'

import { type ComponentType, useEffect, useState } from 'react'
import { Button } from '~/ui/primitives/button'
import { Notice } from '~/ui/primitives/notice'

const FIRST_USE = ['pointermove', 'pointerdown', 'keydown', 'focusin'] as const

/**
 * A part of a page that its first view does not show. The code is loaded when somebody first uses the page, before a click can ask for
 * it, and at once where `needed` is true (ADR 055).
 */
export function late<Props extends object>(load: () => Promise<ComponentType<Props>>) {
  let loading: Promise<ComponentType<Props>> | undefined
  const begin = () => {
    loading ??= load().catch((error: unknown) => {
      loading = undefined
      throw error
    })
    return loading
  }
  return function Late(props: Props & { readonly needed: boolean }) {
    const { needed } = props
    const [Part, setPart] = useState<ComponentType<Props> | null>(null)
    const [failed, setFailed] = useState(false)
    useEffect(() => {
      const gone = new AbortController()
      const arrive = () =>
        begin().then(
          (loaded) => gone.signal.aborted || setPart(() => loaded),
          () => gone.signal.aborted || setFailed(true),
        )
      if (needed) void arrive()
      const { signal } = gone
      for (const use of FIRST_USE) window.addEventListener(use, arrive, { once: true, passive: true, signal })
      return () => gone.abort()
    }, [needed])
    if (Part !== null) return <Part {...props} />
    return needed && failed ? <NotLoaded /> : null
  }
}

/** The console was upgraded since the page was loaded, or cannot be reached. */
function NotLoaded() {
  return (
    <div className="fixed inset-x-4 bottom-4 z-40 mx-auto max-w-xl">
      <Notice tone="bad" role="alert" action={<Button onClick={() => window.location.reload()}>Reload</Button>}>
        A part of this page could not be loaded. Nothing was changed. Reload the page.
      </Notice>
    </div>
  )
}
