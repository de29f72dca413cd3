import { ModalBody, ModalHead } from '~/ui/deploy-modal/frame/modal-frame'
import { OpenTheGrid } from '~/ui/deploy-modal/frame/open-the-grid'
import { ForeignText } from '~/ui/primitives/foreign-text'
import { Skeleton } from '~/ui/primitives/skeleton'

/** The address names a surface that is not (or not yet) on the grid. */
export function UnknownSurface({ surfaceId, loading }: { readonly surfaceId: string; readonly loading: boolean }) {
  return (
    <>
      <ModalHead surface={surfaceId} environment="" />
      <ModalBody>
        {loading ? (
          <Skeleton className="h-4 w-48" />
        ) : (
          <p className="text-ink-soft">
            No surface has the id{' '}
            <code className="font-mono text-[0.8125rem] text-ink">
              <ForeignText text={surfaceId} />
            </code>
            . It may have left surfaces.yaml.
          </p>
        )}
      </ModalBody>
      {!loading && <OpenTheGrid />}
    </>
  )
}
