'use client'

import { useState } from 'react'
import type { DeployView } from '~/domain/deploy/view'
import { useFocusOnArrival } from '~/ui/deploy-modal/frame/modal-frame'
import { Button } from '~/ui/primitives/button'
import { FIELD, Field } from '~/ui/primitives/field'
import { ExternalLink } from '~/ui/primitives/links'
import { Notice } from '~/ui/primitives/notice'
import { useRefusal } from '~/ui/shell/member'
import { useNow } from '~/ui/time/use-now'
import { trpc } from '~/ui/trpc/client'
import { readWireError } from '~/ui/trpc/wire-error'

/**
 * Lets a member release or give up a deploy that no event ends, with a reason. Shows nothing if there is nothing to
 * decide.
 */
export function ReleaseSurface({ deploy }: { readonly deploy: DeployView }) {
  const [asking, setAsking] = useState(false)
  const now = useNow()
  const unknownStatus = deploy.actions.includes('release') && !deploy.terminal
  const refusal = useRefusal(unknownStatus ? 'deploy.release_unknown' : 'deploy.dispatch', deploy.surface.environment)
  const words = wordsFor(deploy, now)
  if (words === null) return null
  return (
    <Notice
      tone="warn"
      action={
        asking ? undefined : (
          <Button onClick={() => setAsking(true)} disabled={refusal !== null} title={refusal ?? undefined}>
            {words.act}
          </Button>
        )
      }
    >
      <p>{words.why}</p>
      {deploy.hold !== null && deploy.lateRunUrl !== null && (
        <p className="mt-1">
          <ExternalLink href={deploy.lateRunUrl}>The run that holds the surface</ExternalLink>
        </p>
      )}
      {asking && <ReleaseForm deploy={deploy} {...words} onClose={() => setAsking(false)} />}
    </Notice>
  )
}

function wordsFor(
  deploy: DeployView,
  now: number | null,
): { readonly act: string; readonly keep: string; readonly why: string } | null {
  if (deploy.giveUpFrom !== null) {
    if (now === null || now < Date.parse(deploy.giveUpFrom)) return null
    const why =
      'No run appeared within ten minutes, but GitHub may still start one. Giving up ends the deploy as cancelled and frees the surface.'
    return { act: 'Give up', keep: 'Keep waiting', why }
  }
  if (!deploy.actions.includes('release')) return null
  return {
    act: 'Release',
    keep: 'Keep it held',
    why:
      deploy.hold ??
      'The deploy has a status that this version of the console does not know. An admin can release the surface.',
  }
}

interface ReleaseFormProps {
  readonly deploy: DeployView
  readonly act: string
  readonly keep: string
  readonly onClose: () => void
}

function ReleaseForm({ deploy, act, keep, onClose }: ReleaseFormProps) {
  const [reason, setReason] = useState('')
  const field = useFocusOnArrival<HTMLInputElement>()
  const utils = trpc.useUtils()
  const release = trpc.deploys.release.useMutation({
    onSuccess: () => {
      onClose()
      void utils.deploys.get.invalidate({ id: deploy.id })
      void utils.surfaces.list.invalidate()
    },
  })
  const ready = reason.trim() !== '' && !release.isPending
  return (
    <form
      className="mt-2 flex flex-col gap-2"
      onSubmit={(event) => {
        event.preventDefault()
        if (ready) release.mutate({ id: deploy.id, reason })
      }}
    >
      <Field id="release-reason" label="Reason" hint="kept with the deploy and in the audit trail">
        <input
          id="release-reason"
          ref={field}
          value={reason}
          maxLength={500}
          autoComplete="off"
          placeholder="How you know that no run is active"
          onChange={(event) => setReason(event.target.value)}
          className={FIELD}
        />
      </Field>
      {release.error !== null && (
        <p role="alert" className="text-bad">
          {readWireError(release.error).message}
        </p>
      )}
      <div className="flex flex-wrap gap-2">
        <Button type="submit" tone="danger" disabled={!ready}>
          {release.isPending ? 'Requesting…' : `${act}, with this reason`}
        </Button>
        <Button onClick={onClose} disabled={release.isPending}>
          {keep}
        </Button>
      </div>
    </form>
  )
}
