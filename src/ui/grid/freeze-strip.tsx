import { inSentence } from '~/domain/foreign-text'
import type { Grid, SurfaceTile } from '~/domain/surface/tile'
import { minuteUtc } from '~/domain/utc-time'
import { workerWarning } from '~/domain/worker'
import { deployFreezeWords, frozenRepositories, noFreezeWords, untilWords, windowOver } from '~/ui/freezes/freeze-words'
import { FreezeMark } from '~/ui/freezes/frozen-by'
import { ForeignText, Sentence } from '~/ui/primitives/foreign-text'
import { PageLink } from '~/ui/primitives/links'
import { Notice } from '~/ui/primitives/notice'
import { asOf } from '~/ui/time/relative-time'
import { useSeenTitle } from '~/ui/time/stopped-clock'

/** Whether production is frozen. Always one line, so that a freeze moves nothing. */
export function FreezeStrip({ tiles }: { readonly tiles: readonly SurfaceTile[] }) {
  const seen = useSeenTitle()
  const window = windowOver('production', tiles)
  const repositories = frozenRepositories(tiles)
  const [first] = repositories
  const frozen = window !== null || first !== undefined
  return (
    <section
      aria-label="Freeze"
      title={seen}
      data-frozen={frozen}
      className={`flex h-9 items-center gap-x-2 rounded-b-[5px] border-t px-4 text-sm ${frozen ? 'border-warn/40 bg-warn-wash' : 'border-line'}`}
    >
      {first !== undefined ? (
        <>
          <FreezeMark kind="frozen" />
          <p
            className="min-w-0 flex-1 truncate"
            title={repositories.map(({ repository, freeze }) => deployFreezeWords(repository, freeze)).join('; ')}
          >
            <span className="font-medium">
              Production is frozen by DEPLOY_FREEZE in <ForeignText text={first.repository} />
            </span>
            {repositories.length > 1 && ` and ${repositories.length - 1} more`}
            {window !== null && (
              <>
                {' '}
                and by{' '}
                <PageLink href="/freezes" className="underline decoration-control underline-offset-[3px]">
                  a freeze of this console
                </PageLink>
              </>
            )}
            <span className="text-ink-soft">
              : “<ForeignText text={first.freeze.reason} whole />” (read {minuteUtc(first.freeze.readAt)})
            </span>
          </p>
        </>
      ) : window === null ? (
        <p className="min-w-0 flex-1 truncate text-ink-faint" title={noFreezeWords(tiles)}>
          <Sentence text={noFreezeWords(tiles)} />
        </p>
      ) : (
        <>
          <FreezeMark kind="frozen" />
          <p
            className="min-w-0 flex-1 truncate"
            title={`${inSentence(window.reason)} (${inSentence(window.by)}), ${untilWords(window.until)}`}
          >
            <PageLink
              href="/freezes"
              className="font-medium underline decoration-control underline-offset-[3px] hover:decoration-current"
            >
              Production is frozen
            </PageLink>
            <span className="text-ink-soft">
              {' '}
              {untilWords(window.until)}: “<ForeignText text={window.reason} whole />” ·{' '}
              <ForeignText text={window.by} />
            </span>
          </p>
        </>
      )}
    </section>
  )
}

/** Says that no worker is seen, because deploys and surfaces stay as they are shown if none runs. */
export function NoWorker({ worker, now }: Pick<Grid, 'worker' | 'now'>) {
  if (worker === null) return null
  const warning = workerWarning(worker, (iso) => asOf(Date.parse(iso), Date.parse(now)))
  if (warning === null) return null
  return (
    <section aria-label="Worker" className="mt-2">
      <Notice tone="warn" role="status">
        {warning} If none runs, deploys are not compared with GitHub, surfaces are not probed, and deliveries wait.
        Nothing is lost. Check that a worker runs.
      </Notice>
    </section>
  )
}

/** Tells admins that webhooks are silent. Disappears when a webhook arrives again. */
export function SilentWebhooks({ repositories: [first, ...more] }: { readonly repositories: readonly string[] }) {
  if (first === undefined) return null
  return (
    <section aria-label="Webhooks" className="mt-2">
      <Notice tone="plain" role="status">
        Webhooks of <ForeignText text={first} />
        {more.length > 0 && ` and ${more.length} more`} are silent: GitHub lists activity that no webhook reported. The
        console polls GitHub instead, so changes appear later. Check the webhook’s recent deliveries on GitHub;{' '}
        <PageLink href="/health" className="underline underline-offset-2">
          Health
        </PageLink>{' '}
        shows what was received.
      </Notice>
    </section>
  )
}
