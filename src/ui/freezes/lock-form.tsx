'use client'

import { useState } from 'react'
import type { SurfaceTile } from '~/domain/surface'
import { Button } from '~/ui/primitives/button'
import { FIELD, Field } from '~/ui/primitives/field'
import { Notice } from '~/ui/primitives/notice'
import { trpc } from '~/ui/trpc/client'
import { readWireError } from '~/ui/trpc/wire-error'

interface LockFormProps {
  readonly tiles: readonly SurfaceTile[]
  readonly onChanged: () => void
}

/** Locks one surface, whatever its environment, until it is unlocked. */
export function LockForm({ tiles, onChanged }: LockFormProps) {
  const [surfaceId, setSurfaceId] = useState('')
  const [reason, setReason] = useState('')
  const lock = trpc.surfaces.lock.useMutation({
    onSuccess: () => {
      setSurfaceId('')
      setReason('')
      onChanged()
    },
  })
  const ready = surfaceId !== '' && reason.trim() !== '' && !lock.isPending
  return (
    <form
      aria-labelledby="lock-surface"
      className="flex flex-col gap-3 rounded-md border border-line bg-panel p-4"
      onSubmit={(event) => {
        event.preventDefault()
        if (ready) lock.mutate({ surfaceId, reason })
      }}
    >
      <h2 id="lock-surface" className="text-sm font-semibold">
        Lock a surface
      </h2>
      <Field id="lock-id" label="Surface">
        <select id="lock-id" value={surfaceId} onChange={(event) => setSurfaceId(event.target.value)} className={FIELD}>
          <option value="">Choose a surface</option>
          {tiles.map((tile) => (
            <option key={tile.id} value={tile.id} disabled={tile.freezes.some(({ kind }) => kind === 'locked')}>
              {tile.name}, {tile.environment}
            </option>
          ))}
        </select>
      </Field>
      <Field id="lock-reason" label="Reason">
        <input
          id="lock-reason"
          value={reason}
          maxLength={500}
          autoComplete="off"
          onChange={(event) => setReason(event.target.value)}
          className={FIELD}
        />
      </Field>
      <p className="text-xs text-ink-faint">It holds until somebody unlocks it, here.</p>
      {lock.isError && (
        <Notice tone="bad" role="alert">
          {readWireError(lock.error).message}
        </Notice>
      )}
      <Button type="submit" tone="strong" className="mt-auto self-start" disabled={!ready}>
        Lock
      </Button>
    </form>
  )
}
