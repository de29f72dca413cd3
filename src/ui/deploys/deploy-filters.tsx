import { DEPLOY_KINDS } from '~/domain/deploy/approval'
import type { DEPLOY_FILTER_NAMES, DeployFacets } from '~/domain/deploy/deploy-list'
import { OUTCOMES } from '~/domain/deploy/deploy-list'
import { statusWord } from '~/domain/deploy/status'
import type { FilterText } from '~/domain/filter-text'
import { capitalise } from '~/domain/foreign-text'
import { MEASURE_NAMES, MEASURES } from '~/domain/insights'
import { FilterChoice, FilterDay } from '~/ui/filters/filter-fields'
import { Button } from '~/ui/primitives/button'

export type DeployFilterName = (typeof DEPLOY_FILTER_NAMES)[number]
export type DeployFilterText = FilterText<DeployFilterName>

interface DeployFiltersProps {
  readonly filter: DeployFilterText
  readonly facets: DeployFacets | undefined
  readonly onChange: (name: DeployFilterName, value: string) => void
  readonly onClear: () => void
}

const asOptions = (values: readonly string[] = []) => values.map((value) => ({ value }))
const OUTCOME_OPTIONS = OUTCOMES.map((value) => ({ value, words: value === 'running' ? 'Running' : statusWord(value) }))
const KIND_OPTIONS = DEPLOY_KINDS.map((value) => ({ value, words: capitalise(value) }))
const MEASURE_OPTIONS = MEASURE_NAMES.map((value) => ({ value, words: MEASURES[value] }))

export function DeployFilters({ filter, facets, onChange, onClear }: DeployFiltersProps) {
  const choose = (
    name: Exclude<DeployFilterName, 'from' | 'to'>,
    label: string,
    options: readonly { readonly value: string; readonly words?: string }[],
  ) => (
    <FilterChoice
      label={label}
      value={filter[name] ?? ''}
      options={options}
      onChange={(value) => onChange(name, value)}
    />
  )
  return (
    <search aria-label="Filter the deploys" className="flex flex-wrap items-end gap-x-3 gap-y-2 print:hidden">
      {choose('outcome', 'Outcome', OUTCOME_OPTIONS)}
      {choose('surface', 'Surface', asOptions(facets?.surfaces.map(({ id }) => id)))}
      {choose('environment', 'Environment', asOptions(facets?.environments))}
      {choose('person', 'Who', asOptions(facets?.people))}
      {choose('kind', 'Kind', KIND_OPTIONS)}
      {/* Insights leads here with these. */}
      {filter.service !== undefined && choose('service', 'Service of', [])}
      {filter.measure !== undefined && choose('measure', 'Counted as', MEASURE_OPTIONS)}
      <FilterDay label="From (UTC)" value={filter.from ?? ''} onChange={(value) => onChange('from', value)} />
      <FilterDay label="To (UTC)" value={filter.to ?? ''} onChange={(value) => onChange('to', value)} />
      {Object.keys(filter).length > 0 && (
        <Button tone="bare" onClick={onClear}>
          Clear
        </Button>
      )}
    </search>
  )
}
