'use client'

import { useRouter } from 'next/navigation'
import type { ReactNode } from 'react'
import type { DeployView } from '~/domain/deploy/view'
import { CancelControl, NextActions } from '~/ui/deploy-modal/follow/deploy-foot'
import { DeployProgress } from '~/ui/deploy-modal/follow/deploy-progress'
import { nextFor } from '~/ui/deploy-modal/follow/deploy-screen'
import { TimelineEntries } from '~/ui/deploy-modal/follow/timeline'
import { useDeploy } from '~/ui/deploy-modal/follow/use-deploy'
import { type Target, withTarget } from '~/ui/deploy-modal/frame/target'
import { DeployAudit } from '~/ui/deploy-page/deploy-audit'
import { DeployFactList } from '~/ui/deploy-page/deploy-fact-list'
import { ForeignText } from '~/ui/primitives/foreign-text'
import { LINK, PageLink } from '~/ui/primitives/links'
import { Notice } from '~/ui/primitives/notice'
import { RowsSkeleton, Skeleton } from '~/ui/primitives/skeleton'
import { PageFrame } from '~/ui/shell/page-frame'
import { ConnectionNotice } from '~/ui/status/connection-notice'
import { useSurfaces } from '~/ui/surfaces/use-surfaces'
import { tabFace, useTabFace } from '~/ui/tab/tab-face'
import { StoppedClock } from '~/ui/time/stopped-clock'
import { readWireError } from '~/ui/trpc/wire-error'

/** Everything about one deploy, on a page of its own: the dialog's parts without its frame, and the whole record. */
export function DeployPage({ deployId }: { readonly deployId: string }) {
  const answer = useDeploy(deployId)
  const { data: deploy, error, dataUpdatedAt } = answer
  useTabFace(tabFace(deploy === undefined ? null : { surface: deploy.surface.id, deploy }, []))
  if (deploy === undefined) return <NoDeployYet error={error} />
  return (
    <StoppedClock of={answer} polled={!deploy.terminal}>
      <PageFrame title={<Title deploy={deploy} />} aside={<Links deploy={deploy} />}>
        <div
          data-deploy={deploy.id}
          data-status={deploy.status}
          className="grid gap-x-8 gap-y-6 lg:grid-cols-[minmax(0,1fr)_19rem]"
        >
          <div className="flex min-w-0 flex-col gap-5">
            {error !== null && <ConnectionNotice error={error} updatedAt={dataUpdatedAt} />}
            {/* The parts of the dialog are below its title, a heading of this level. */}
            <h2 className="sr-only">Progress</h2>
            <DeployProgress deploy={deploy}>
              <Next deploy={deploy} />
            </DeployProgress>
            <Section title="Timeline" note={`Times in UTC, from ${deploy.requestedAt.slice(0, 10)}`}>
              <TimelineEntries entries={deploy.timeline} />
            </Section>
            <DeployAudit deployId={deploy.id} events={deploy.timeline.length} />
          </div>
          <DeployFactList deploy={deploy} />
        </div>
      </PageFrame>
    </StoppedClock>
  )
}

function Section({
  title,
  note,
  children,
}: {
  readonly title: string
  readonly note: string
  readonly children: ReactNode
}) {
  return (
    <section aria-label={title} className="flex flex-col gap-1.5">
      <div className="flex flex-wrap items-baseline justify-between gap-x-4">
        <h2 className="text-sm font-semibold">{title}</h2>
        <p className="text-xs text-ink-faint">{note}</p>
      </div>
      {children}
    </section>
  )
}

function Title({ deploy: { surface } }: { readonly deploy: DeployView }) {
  return (
    <>
      <ForeignText text={surface.name} />{' '}
      <span className="text-sm font-normal tracking-normal text-ink-faint">
        <ForeignText text={surface.environment} />
      </span>
    </>
  )
}

const SOFT_LINK = `text-ink-soft ${LINK}`

function Links({ deploy: { id, surface } }: { readonly deploy: DeployView }) {
  return (
    <p className="flex flex-wrap gap-4 text-sm print:hidden">
      <PageLink href={`/surfaces/${encodeURIComponent(surface.id)}`} className={SOFT_LINK}>
        Deploys of this surface
      </PageLink>
      <PageLink href={`/?deploy=${id}`} className={SOFT_LINK}>
        Open on the grid
      </PageLink>
    </p>
  )
}

/** Cancel while it runs; afterwards the way back, another try and the run. The dialogs of the grid ask for confirmation. */
function Next({ deploy }: { readonly deploy: DeployView }) {
  const router = useRouter()
  const surfaces = useSurfaces()
  const { back, mayShipAgain } = nextFor(deploy, surfaces.data?.surfaces ?? [])
  const surfaceId = deploy.surface.id
  const open = (target: Target) => router.push(`/?${withTarget('', target).slice(1)}`)
  return (
    <div className="flex min-h-8 flex-wrap items-center gap-2 print:hidden">
      {deploy.terminal && surfaces.data === undefined && <ActionsNotRead error={surfaces.error} />}
      {deploy.terminal ? (
        <NextActions
          deploy={deploy}
          back={back}
          onBack={({ sha, deployId }) =>
            open({ kind: 'new', surfaceId, ref: sha, source: { kind: 'rollback', deployId } })
          }
          onAgain={mayShipAgain ? () => open({ kind: 'new', surfaceId, ref: deploy.ref, like: deploy.id }) : null}
        />
      ) : (
        <CancelControl deploy={deploy} />
      )}
    </div>
  )
}

/** Rollback and retry need the surface. Until the surface is read, neither is known to be impossible. */
function ActionsNotRead({ error }: { readonly error: unknown }) {
  if (error !== null) return <ConnectionNotice error={error} updatedAt={0} />
  return (
    <span aria-busy="true">
      <span className="sr-only">Loading the next actions</span>
      <Skeleton className="h-8 w-40" />
    </span>
  )
}

/** Shown before the first answer, or if the address leads to no deploy. */
function NoDeployYet({ error }: { readonly error: unknown }) {
  const wire = error === null ? null : readWireError(error)
  return (
    <PageFrame title="Deploy">
      {wire?.kind === 'refused' ? (
        <Notice tone="bad" role="alert">
          {wire.appCode === 'invalid_input'
            ? 'A link to a deploy ends with the full id. Check the link.'
            : wire.message}
        </Notice>
      ) : (
        <>
          {error !== null && <ConnectionNotice error={error} updatedAt={0} />}
          <RowsSkeleton what="the deploy" />
        </>
      )}
    </PageFrame>
  )
}
