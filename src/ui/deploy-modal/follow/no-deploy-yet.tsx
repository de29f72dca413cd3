import { ModalBody, ModalHead } from '~/ui/deploy-modal/frame/modal-frame'
import { OpenTheGrid } from '~/ui/deploy-modal/frame/open-the-grid'
import { Skeleton } from '~/ui/primitives/skeleton'
import { ConnectionNotice } from '~/ui/status/connection-notice'
import { readWireError } from '~/ui/trpc/wire-error'

/** Before the first answer, or when the address leads to no deploy at all. */
export function NoDeployYet({ error }: { readonly error: unknown }) {
  const wire = error === null ? null : readWireError(error)
  if (wire?.kind === 'refused') {
    return (
      <>
        <ModalHead
          surface={wire.appCode === 'deploy_unknown' ? 'There is no such deploy' : 'This link is incomplete or wrong'}
          environment=""
        />
        <ModalBody>
          <p className="text-ink-soft">
            {wire.appCode === 'invalid_input'
              ? 'A link to a deploy ends with its whole id. Every surface and its latest deploy is on the grid.'
              : wire.message}
          </p>
        </ModalBody>
        <OpenTheGrid />
      </>
    )
  }
  return (
    <>
      <ModalHead surface="Deploy" environment="" />
      <ModalBody>
        <div aria-busy="true" className="flex min-h-96 flex-col gap-4">
          <p className="sr-only">Loading the deploy</p>
          <Skeleton className="h-6 w-52" />
          <Skeleton className="h-16 w-full" />
          <Skeleton className="h-56 w-full" />
          {error !== null && <ConnectionNotice error={error} updatedAt={0} />}
        </div>
      </ModalBody>
    </>
  )
}
