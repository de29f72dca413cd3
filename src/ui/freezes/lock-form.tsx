'use client'

import { useState } from 'react'
import { inSentence } from '~/domain/foreign-text'
import type { SurfaceTile } from '~/domain/surface/tile'
import { FreezeForm, ReasonField } from '~/ui/freezes/freeze-form'
import { FIELD, Field } from '~/ui/primitives/field'
import { trpc } from '~/ui/trpc/client'

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
    <FreezeForm
      id="lock-surface"
      title="Lock a surface"
      submit="Lock"
      ready={ready}
      environment={tiles.find(({ id }) => id === surfaceId)?.environment}
      error={lock.error}
      onSubmit={() => lock.mutate({ surfaceId, reason })}
    >
      <Field id="lock-id" label="Surface">
        <select id="lock-id" value={surfaceId} onChange={(event) => setSurfaceId(event.target.value)} className={FIELD}>
          <option value="">Choose a surface</option>
          {tiles.map((tile) => (
            <option key={tile.id} value={tile.id} disabled={tile.freezes.some(({ kind }) => kind === 'locked')}>
              {inSentence(tile.name)}, {inSentence(tile.environment)}
            </option>
          ))}
        </select>
      </Field>
      <ReasonField id="lock-reason" value={reason} onValue={setReason} />
      <p className="text-xs text-ink-faint">It holds until somebody unlocks it, here.</p>
    </FreezeForm>
  )
}
