'use client'

import { Check, Copy } from 'lucide-react'
import { useId, useRef, useState } from 'react'
import { Button } from '~/ui/primitives/button'
import { Notice } from '~/ui/primitives/notice'

interface ShownOnceProps {
  readonly title: string
  readonly warning: string
  /** The field's accessible name. */
  readonly label: string
  readonly secret: string
  readonly onDone: () => void
}

/** Shows a secret once. The secret stays in this page's memory until the member closes the notice. */
export function ShownOnce({ title, warning, label, secret, onDone }: ShownOnceProps) {
  const heading = useId()
  const field = useRef<HTMLInputElement>(null)
  const [copied, setCopied] = useState<'not_yet' | 'done' | 'by_hand'>('not_yet')
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(secret)
      setCopied('done')
    } catch {
      // Without TLS the browser refuses to copy: select the text instead.
      field.current?.select()
      setCopied('by_hand')
    }
  }
  return (
    <section
      aria-labelledby={heading}
      className="mb-6 flex flex-col gap-3 rounded-md border border-accent/50 bg-panel p-4"
    >
      <h2 id={heading} className="text-sm font-semibold">
        {title}
      </h2>
      <Notice tone="warn" role="status">
        {warning}
      </Notice>
      <div className="flex flex-wrap gap-2">
        <input
          ref={field}
          readOnly
          aria-label={label}
          value={secret}
          spellCheck={false}
          autoComplete="off"
          onFocus={(event) => event.target.select()}
          className="h-8 min-w-0 flex-1 basis-64 rounded-[5px] border border-control bg-well px-2.5 font-mono text-xs"
        />
        <Button tone="strong" autoFocus onClick={() => void copy()}>
          {copied === 'done' ? (
            <Check aria-hidden="true" className="size-3.5" />
          ) : (
            <Copy aria-hidden="true" className="size-3.5" />
          )}
          Copy
        </Button>
        <Button onClick={onDone}>Done</Button>
      </div>
      <p role="status" className="text-xs text-ink-faint empty:sr-only">
        {copied === 'done' && 'Copied.'}
        {copied === 'by_hand' && 'The browser did not let the page copy it. It is selected: copy it with the keyboard.'}
      </p>
    </section>
  )
}
