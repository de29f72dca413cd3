'use client'

import { Check, Copy } from 'lucide-react'
import { useRef, useState } from 'react'
import { Button } from '~/ui/primitives/button'
import { Notice } from '~/ui/primitives/notice'

export interface MadeToken {
  readonly label: string
  readonly secret: string
}

/** The one sight of a token. It lives in this page's memory until it is put away, and nowhere else. */
export function NewToken({ made, onDone }: { readonly made: MadeToken; readonly onDone: () => void }) {
  const field = useRef<HTMLInputElement>(null)
  const [copied, setCopied] = useState<'not_yet' | 'done' | 'by_hand'>('not_yet')
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(made.secret)
      setCopied('done')
    } catch {
      // Without TLS, or when the browser is told not to: selected, it is one key away.
      field.current?.select()
      setCopied('by_hand')
    }
  }
  return (
    <section
      aria-labelledby="new-token"
      className="mb-6 flex flex-col gap-3 rounded-md border border-accent/50 bg-panel p-4"
    >
      <h2 id="new-token" className="text-sm font-semibold">
        The token “{made.label}” is made
      </h2>
      <Notice tone="warn" role="status">
        Copy it now: this is the only time it is shown. Whoever has it can do what it may do; keep it in a secret store.
      </Notice>
      <div className="flex flex-wrap gap-2">
        <input
          ref={field}
          readOnly
          aria-label="The new token"
          value={made.secret}
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
        <Button onClick={onDone}>Put it away</Button>
      </div>
      <p role="status" className="text-xs text-ink-faint empty:sr-only">
        {copied === 'done' && 'Copied.'}
        {copied === 'by_hand' && 'The browser did not let the page copy it. It is selected: copy it with the keyboard.'}
      </p>
    </section>
  )
}
