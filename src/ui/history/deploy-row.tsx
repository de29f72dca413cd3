import type { ListedDeploy } from '~/domain/deploy/deploy-list'
import { EARLIER_DEPLOY, RETURN_VERB } from '~/domain/deploy/source'
import type { PastDeploy } from '~/domain/deploy/view'
import { visible } from '~/domain/foreign-text'
import { refLabel } from '~/domain/ref'
import { ForeignText } from '~/ui/primitives/foreign-text'
import { LINK, PageLink } from '~/ui/primitives/links'
import { Sha } from '~/ui/primitives/sha'
import { OutcomeMark } from '~/ui/status/marks'
import { outcomeOf } from '~/ui/status/status-words'
import { Elapsed, TimeAgo } from '~/ui/time/time-ago'

const CELL = 'px-2 py-1.5 align-top'

const SOFT_LINK = `text-ink-soft ${LINK}`

interface DeployRowProps {
  readonly deploy: PastDeploy
  readonly surfaceId: string
  /** Shown where the list is of several surfaces. */
  readonly surface?: ListedDeploy['surface'] | undefined
  /** Whether the surface can be rolled back to this deploy. */
  readonly returnable: boolean
}

/** One past or running deploy: outcome, ref, requester, time, duration. */
export function DeployRow({ deploy, surfaceId, surface, returnable }: DeployRowProps) {
  const { id, ref, sha, reason, requestedBy, approvedBy, requestedAt, finishedAt, failureDetail } = deploy
  const back = returnable && (
    <PageLink href={`/?surface=${encodeURIComponent(surfaceId)}&ref=${sha}&rollback=${id}`} className={SOFT_LINK}>
      {RETURN_VERB} this
    </PageLink>
  )
  return (
    <tr data-deploy={id} className="border-t border-line">
      <td className={`${CELL} pl-3`}>
        <PageLink
          href={`/deploys/${id}`}
          title={failureDetail === null ? undefined : visible(failureDetail)}
          className={`inline-flex items-start gap-1.5 font-medium ${LINK}`}
        >
          <span className="mt-0.5">
            <OutcomeMark outcome={outcomeOf(deploy.status)} />
          </span>
          {deploy.headline}
        </PageLink>
      </td>
      {surface !== undefined && (
        <td className={CELL}>
          <PageLink href={`/surfaces/${encodeURIComponent(surface.id)}`} title={surface.id} className={SOFT_LINK}>
            <ForeignText text={surface.name} />
          </PageLink>
          <span className="block text-xs text-ink-faint">
            <ForeignText text={surface.environment} />
          </span>
        </td>
      )}
      <td className={`${CELL} text-ink-soft`}>
        {ref === sha ? null : (
          <span className="break-all">
            <ForeignText text={refLabel(ref)} />{' '}
          </span>
        )}
        {sha !== null && <Sha sha={sha} />}
        {deploy.kind !== 'deploy' && (
          <span className="block text-xs text-ink-faint">
            <ForeignText text={deploy.kind === 'rollback' ? EARLIER_DEPLOY.toLowerCase() : deploy.kind} />
          </span>
        )}
        {reason !== null && (
          <span className="block text-xs text-ink-faint">
            “<ForeignText text={reason} whole />”
          </span>
        )}
        {/* A narrow screen has no space for a separate column. */}
        <span className="block sm:hidden print:hidden">{back}</span>
      </td>
      <td className={`${CELL} text-ink-soft max-sm:hidden print:table-cell`}>
        <ForeignText text={requestedBy} />
        {approvedBy !== null && (
          <span className="block text-xs text-ink-faint">
            approved by <ForeignText text={approvedBy} />
          </span>
        )}
      </td>
      <td className={`${CELL} text-ink-soft`}>
        <TimeAgo at={requestedAt} />
      </td>
      <td className={`${CELL} text-ink-soft max-sm:hidden print:table-cell`}>
        {deploy.terminal && finishedAt === null ? '–' : <Elapsed since={requestedAt} until={finishedAt} />}
      </td>
      {surface === undefined && (
        <td className={`${CELL} pr-3 text-right whitespace-nowrap max-sm:hidden print:hidden`}>{back}</td>
      )}
    </tr>
  )
}
