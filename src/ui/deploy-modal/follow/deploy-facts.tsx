import { EARLIER_DEPLOY } from '~/domain/deploy/source'
import type { DeployView } from '~/domain/deploy/view'
import { refLabel } from '~/domain/ref'
import { ForeignText } from '~/ui/primitives/foreign-text'
import { Sha } from '~/ui/primitives/sha'
import { TimeAgo } from '~/ui/time/time-ago'

/** What was asked for, by whom, when and why. */
export function DeployFacts({ deploy }: { readonly deploy: DeployView }) {
  const isCommit = deploy.sha === deploy.ref
  return (
    <p className="mt-1 text-xs text-ink-faint">
      {deploy.kind === 'rollback' && `${EARLIER_DEPLOY}: `}
      {deploy.kind === 'promotion' && 'Promotion of '}
      {!isCommit && (
        <span className="font-medium break-all text-ink-soft">
          <ForeignText text={refLabel(deploy.ref)} />
        </span>
      )}
      {deploy.sha !== null && (
        <>
          {isCommit ? 'Commit ' : ' at '}
          <Sha sha={deploy.sha} />
        </>
      )}{' '}
      · <ForeignText text={deploy.requestedBy} />
      {deploy.requestedByOwner !== null && (
        <>
          {' '}
          of <ForeignText text={deploy.requestedByOwner} />
        </>
      )}
      {deploy.approvedBy !== null && (
        <>
          , approved by <ForeignText text={deploy.approvedBy} />
        </>
      )}{' '}
      · <TimeAgo at={deploy.requestedAt} />
      {deploy.reason !== null && (
        <>
          {' '}
          · “<ForeignText text={deploy.reason} whole />”
        </>
      )}
      {deploy.overrideReason !== null && (
        <span className="text-warn">
          {' '}
          · Freeze overridden: “<ForeignText text={deploy.overrideReason} whole />”
        </span>
      )}
    </p>
  )
}
