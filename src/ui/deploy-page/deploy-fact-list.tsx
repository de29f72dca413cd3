import type { ReactNode } from 'react'
import type { DeployView } from '~/domain/deploy/view'
import { refLabel } from '~/domain/ref'
import { ForeignText } from '~/ui/primitives/foreign-text'
import { InputList } from '~/ui/primitives/input-list'
import { DownloadLink, ExternalLink, LINK, PageLink } from '~/ui/primitives/links'
import { Sha } from '~/ui/primitives/sha'
import { TickedList } from '~/ui/primitives/ticked-list'
import { TimeAgo } from '~/ui/time/time-ago'

const KIND_WORDS: Readonly<Record<string, string>> = {
  deploy: 'Deploy of a ref',
  rollback: 'Rollback to an earlier deploy',
  promotion: 'Promotion',
}

/** What was asked for, by whom, and what was sent. */
export function DeployFactList({ deploy }: { readonly deploy: DeployView }) {
  const { surface, sha, ref, approvalId, approvedBy, inputs, finishedAt } = deploy
  return (
    <aside aria-label="Facts" className="flex min-w-0 flex-col gap-5 text-sm lg:border-l lg:border-line lg:pl-6">
      <dl className="grid grid-cols-[6.5rem_minmax(0,1fr)] gap-x-3 gap-y-2">
        <Fact name="Surface">
          <PageLink
            href={`/surfaces/${encodeURIComponent(surface.id)}`}
            className={`-mt-0.5 inline-block py-0.5 ${LINK}`}
          >
            <ForeignText text={surface.id} />
          </PageLink>
          <span className="block text-xs">
            <ExternalLink href={surface.url} className="max-w-full break-all text-ink-faint">
              <ForeignText text={surface.url} />
            </ExternalLink>
          </span>
        </Fact>
        <Fact name="Kind">{KIND_WORDS[deploy.kind] ?? <ForeignText text={deploy.kind} />}</Fact>
        {ref !== sha && (
          <Fact name="Ref">
            <span className="break-all">
              <ForeignText text={refLabel(ref)} />
            </span>
          </Fact>
        )}
        <Fact name="Commit">{sha === null ? 'Unknown' : <Sha sha={sha} />}</Fact>
        <Fact name="Requested">
          <ForeignText text={deploy.requestedBy} />
          {deploy.requestedByOwner !== null && (
            <>
              {' '}
              of <ForeignText text={deploy.requestedByOwner} />
            </>
          )}
          <Time at={deploy.requestedAt} />
        </Fact>
        {deploy.reason !== null && (
          <Fact name="Reason">
            “<ForeignText text={deploy.reason} whole />”
          </Fact>
        )}
        {approvedBy !== null && (
          <Fact name="Approved">
            <ForeignText text={approvedBy} />
            {approvalId !== null && (
              <PageLink href={`/?approval=${approvalId}`} className={`block text-xs text-ink-faint ${LINK}`}>
                The request
              </PageLink>
            )}
          </Fact>
        )}
        {deploy.overrideReason !== null && (
          <Fact name="Freeze">
            <span className="text-warn">
              Overridden: “<ForeignText text={deploy.overrideReason} whole />”
            </span>
          </Fact>
        )}
        {finishedAt !== null && (
          <Fact name="Ended">
            <Time at={finishedAt} />
          </Fact>
        )}
        <Fact name="Shipped">{SHIPPED_WORDS[deploy.shipped]}</Fact>
        <Fact name="Run">
          {deploy.runId === null ? (
            'No run is known'
          ) : (
            <span className="tabular-nums">
              {deploy.runId}
              {deploy.runAttempt !== null && deploy.runAttempt > 1 && `, attempt ${deploy.runAttempt}`}
            </span>
          )}
        </Fact>
        <Fact name="Workflow">
          <span className="break-all">
            <ForeignText text={deploy.workflow} />
          </span>
          <span className="block text-xs break-all text-ink-faint">
            <ForeignText text={deploy.repository} />
          </span>
        </Fact>
        <Fact name="Id">
          <code className="font-mono text-xs break-all">{deploy.id}</code>
        </Fact>
      </dl>
      {inputs !== null && inputs.length > 0 && (
        <section aria-label="Inputs">
          <h2 className="mb-1.5 font-semibold">
            Inputs <span className="font-normal text-ink-faint">as sent to the workflow</span>
          </h2>
          <InputList inputs={inputs} />
        </section>
      )}
      {deploy.checklist.length > 0 && (
        <section aria-label="Checklist">
          <h2 className="mb-1.5 font-semibold">
            Checklist <span className="font-normal text-ink-faint">as ticked before the deploy</span>
          </h2>
          <TickedList lines={deploy.checklist} />
        </section>
      )}
      <Evidence deploy={deploy} />
    </aside>
  )
}

/** The sealed file. A deploy that has not ended has none. */
function Evidence({ deploy: { id, terminal } }: { readonly deploy: DeployView }) {
  return (
    <section aria-label="Evidence" className="print:hidden">
      <h2 className="mb-1.5 font-semibold">Evidence</h2>
      {terminal ? (
        <>
          <DownloadLink href={`/api/internal/deploys/${id}/evidence`}>Download the evidence file</DownloadLink>
          <p className="mt-1.5 text-xs text-pretty text-ink-faint">
            One JSON file, sealed in the audit trail. Check it offline with{' '}
            <code className="font-mono text-ink-soft">console evidence verify</code>.
          </p>
        </>
      ) : (
        <p className="text-xs text-ink-faint">
          Once the deploy has ended, its evidence can be downloaded as a sealed file.
        </p>
      )}
    </section>
  )
}

const SHIPPED_WORDS = { yes: 'Yes', no: 'No', unknown: 'Unknown' } as const satisfies Record<
  DeployView['shipped'],
  string
>

function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <>
      <dt className="text-ink-faint">{name}</dt>
      <dd className="min-w-0 break-words">{children}</dd>
    </>
  )
}

function Time({ at }: { readonly at: string }) {
  return (
    <span className="block text-xs text-ink-faint">
      <TimeAgo at={at} />
    </span>
  )
}
