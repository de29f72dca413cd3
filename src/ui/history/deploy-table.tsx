import type { ListedDeploy } from '~/domain/deploy/deploy-list'
import type { PastDeploy } from '~/domain/deploy/view'
import { DeployRow } from '~/ui/history/deploy-row'

const HEAD = 'px-2 py-2 text-left text-xs font-medium text-ink-faint'

/** Set, because a width by content would move all columns when a time or an outcome changes. The ref has the rest. */
const WIDTHS: Readonly<Record<string, string>> = {
  Outcome: 'sm:w-[24%]',
  Surface: 'sm:w-[18%]',
  Who: 'sm:w-[16%] max-sm:hidden print:table-cell',
  When: 'sm:w-32',
  Took: 'sm:w-24 max-sm:hidden print:table-cell',
}

type DeployTableProps =
  | { readonly deploys: readonly ListedDeploy[]; readonly surfaceId?: undefined }
  | {
      /** The deploys of one surface, which is not named in each row. */
      readonly deploys: readonly PastDeploy[]
      readonly surfaceId: string
      /** Whether the surface can be rolled back to a deploy. */
      readonly isReturnable: (deploy: PastDeploy) => boolean
    }

/** Deploys, the newest first: of one surface, with the ways back, or of all. */
export function DeployTable(props: DeployTableProps) {
  const ofOne = props.surfaceId !== undefined
  const columns = ['Outcome', ...(ofOne ? [] : ['Surface']), 'Ref', 'Who', 'When', 'Took']
  return (
    <div className="overflow-x-auto rounded-md border border-line bg-panel print:overflow-visible print:border-0">
      <table className="w-full border-collapse text-sm sm:table-fixed print:table-auto">
        <caption className="sr-only">Deploys, newest first</caption>
        <thead>
          <tr>
            {columns.map((name) => (
              <th
                key={name}
                scope="col"
                className={`${HEAD} ${name === 'Outcome' ? 'pl-3' : ''} ${WIDTHS[name] ?? ''}`}
              >
                {name}
              </th>
            ))}
            {ofOne && (
              <th scope="col" className="sm:w-28 max-sm:hidden print:hidden">
                <span className="sr-only">Return</span>
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {props.surfaceId === undefined
            ? props.deploys.map((deploy) => (
                <DeployRow
                  key={deploy.id}
                  deploy={deploy}
                  surfaceId={deploy.surface.id}
                  surface={deploy.surface}
                  returnable={false}
                />
              ))
            : props.deploys.map((deploy) => (
                <DeployRow
                  key={deploy.id}
                  deploy={deploy}
                  surfaceId={props.surfaceId}
                  returnable={props.isReturnable(deploy)}
                />
              ))}
        </tbody>
      </table>
    </div>
  )
}
