'use client'

import { Lock, LockOpen } from 'lucide-react'
import { lazy, Suspense, useState } from 'react'
import type { SurfaceTile } from '~/domain/surface/tile'
import { ForeignText } from '~/ui/primitives/foreign-text'
import { useRefusal } from '~/ui/shell/member'

/** Few people lock: the dialog is loaded when it is opened. */
const LockDialog = lazy(() => import('~/ui/locks/lock-dialog').then((module) => ({ default: module.LockDialog })))

/** Locks a surface, or shows and changes its lock. */
export function LockButton({ tile, tab }: { readonly tile: SurfaceTile; readonly tab: 0 | -1 }) {
  const [open, setOpen] = useState(false)
  const mayLock = useRefusal('freeze.manage', tile.environment) === null
  const isLocked = tile.freezes.some(({ kind }) => kind === 'locked')
  if (tile.archived || (!mayLock && !isLocked && tile.notice === null)) return null
  const Icon = isLocked ? Lock : LockOpen
  return (
    <>
      <button
        type="button"
        tabIndex={tab}
        data-lock={tile.id}
        title={isLocked ? 'Locked' : 'Lock'}
        onClick={() => setOpen(true)}
        className={`relative flex size-8 shrink-0 items-center justify-center rounded-[5px] hover:text-ink ${isLocked ? 'text-warn' : 'text-ink-faint'}`}
      >
        <Icon aria-hidden="true" className="size-4" />
        <span className="sr-only">
          {isLocked ? 'Lock of' : 'Lock'} <ForeignText text={tile.name} />, <ForeignText text={tile.environment} />
        </span>
      </button>
      {open && (
        <Suspense>
          <LockDialog tile={tile} onClose={() => setOpen(false)} />
        </Suspense>
      )}
    </>
  )
}
