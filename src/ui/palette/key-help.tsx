'use client'

import { Dialog } from '@base-ui/react/dialog'
import { X } from 'lucide-react'
import type { ReachedPage } from '~/ui/palette/entries'
import { turnSingleKeys, useSingleKeys } from '~/ui/preferences/single-keys'
import { Kbd } from '~/ui/primitives/kbd'

interface KeyHelpProps {
  readonly open: boolean
  readonly pages: readonly ReachedPage[]
  readonly onClose: () => void
}

interface Shortcut {
  readonly keys: readonly string[]
  readonly does: string
}

const EVERYWHERE: readonly Shortcut[] = [
  { keys: ['Ctrl', 'K'], does: 'Find a surface, deploy, page, person or action' },
  { keys: ['?'], does: 'Show these keys' },
]

const ON_THE_GRID: readonly Shortcut[] = [
  { keys: ['/'], does: 'Filter surfaces' },
  { keys: ['←', '↑', '↓', '→'], does: 'Move between surfaces' },
  { keys: ['Enter'], does: 'Open the last deploy of the surface' },
  { keys: ['d'], does: 'Deploy the surface, or follow its deploy' },
  { keys: ['r'], does: 'Return the surface to its last good version' },
  { keys: ['l'], does: 'Lock the surface' },
]

/** Every key of the console, and the switch for those without a modifier. */
export function KeyHelp({ open, pages, onClose }: KeyHelpProps) {
  const on = useSingleKeys()
  return (
    <Dialog.Root open={open} onOpenChange={(next) => next || onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="fixed inset-0 z-30 bg-veil" />
        <Dialog.Viewport className="fixed inset-0 z-30 flex items-start justify-center overflow-y-auto p-4 sm:pt-[10vh]">
          <Dialog.Popup className="relative w-full max-w-[40rem] rounded-lg border border-line bg-panel p-5 text-ink shadow-[0_24px_64px_-24px_var(--veil)] outline-none">
            <Dialog.Title className="text-base leading-6 font-semibold tracking-[-0.01em]">Keys</Dialog.Title>
            <Dialog.Close
              aria-label="Close"
              className="absolute top-3 right-3 inline-flex size-8 items-center justify-center rounded-[5px] text-ink-soft hover:bg-well hover:text-ink"
            >
              <X aria-hidden="true" className="size-4" />
            </Dialog.Close>
            <div className="mt-3 grid gap-x-8 gap-y-4 sm:grid-cols-2">
              <div className="flex flex-col gap-4">
                <Keys title="Everywhere" shortcuts={EVERYWHERE} />
                <Keys title="On a surface of the grid" shortcuts={ON_THE_GRID} />
              </div>
              <Keys title="Go to a page" shortcuts={pages.map(({ key, name }) => ({ keys: ['g', key], does: name }))} />
            </div>
            <label className="mt-5 flex items-start gap-2 border-t border-line pt-4 text-sm">
              <input
                type="checkbox"
                checked={on}
                onChange={(event) => turnSingleKeys(event.target.checked)}
                className="mt-0.5 size-4 accent-(--accent)"
              />
              <span>
                Keys without Ctrl or ⌘
                <span className="block text-xs text-ink-soft">
                  They never work in a field. Turn them off if you press or dictate them by accident.
                </span>
              </span>
            </label>
          </Dialog.Popup>
        </Dialog.Viewport>
      </Dialog.Portal>
    </Dialog.Root>
  )
}

function Keys({ title, shortcuts }: { readonly title: string; readonly shortcuts: readonly Shortcut[] }) {
  return (
    <section aria-label={title}>
      <h3 className="mb-1.5 text-xs font-medium text-ink-faint">{title}</h3>
      <dl className="flex flex-col gap-1 text-sm">
        {shortcuts.map(({ keys, does }) => (
          <div key={does} className="flex items-start justify-between gap-3">
            <dt className="text-ink-soft">{does}</dt>
            <dd className="flex shrink-0 gap-1">
              {keys.map((key) => (
                <Kbd key={key}>{key}</Kbd>
              ))}
            </dd>
          </div>
        ))}
      </dl>
    </section>
  )
}
