import { useId } from 'react'
import type { FilterText } from '~/domain/filter-text'
import { inSentence } from '~/domain/foreign-text'
import { ForeignText } from '~/ui/primitives/foreign-text'

const FIELD =
  'h-8 min-w-0 rounded-[5px] border border-control bg-panel px-2 text-sm text-ink any-pointer-coarse:text-base'

interface ChoiceProps {
  readonly label: string
  readonly value: string
  readonly options: readonly { readonly value: string; readonly words?: string }[]
  readonly onChange: (value: string) => void
}

/** One of several values, or any. */
export function FilterChoice({ label, value, options, onChange }: ChoiceProps) {
  const id = useId()
  // Show the value from the link while the choices load, and if the value is not among them.
  const shown = value === '' || options.some((option) => option.value === value) ? options : [{ value }, ...options]
  return (
    <div className="flex min-w-0 flex-col gap-1 max-sm:w-[calc(50%-0.375rem)]">
      <label htmlFor={id} className="text-xs text-ink-faint">
        {label}
      </label>
      <select
        id={id}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        className={`${FIELD} w-full sm:w-40`}
      >
        <option value="">Any</option>
        {shown.map((option) => (
          <option key={option.value} value={option.value}>
            {option.words ?? inSentence(option.value)}
          </option>
        ))}
      </select>
    </div>
  )
}

export function FilterDay({ label, value, onChange }: Omit<ChoiceProps, 'options'>) {
  const id = useId()
  return (
    <div className="flex min-w-0 flex-col gap-1 max-sm:w-[calc(50%-0.375rem)]">
      <label htmlFor={id} className="text-xs text-ink-faint">
        {label}
      </label>
      <input
        id={id}
        type="date"
        value={value.slice(0, 10)}
        onChange={(event) => onChange(event.target.value)}
        className={FIELD}
      />
    </div>
  )
}

interface PrintedFilterProps<Name extends string> {
  readonly names: readonly Name[]
  readonly filter: FilterText<Name>
}

/** What a printed list leaves out. The fields are not printed. */
export function PrintedFilter<Name extends string>({ names, filter }: PrintedFilterProps<Name>) {
  const chosen = names.flatMap((name) => (filter[name] === undefined ? [] : [{ name, value: filter[name] }]))
  return (
    <p className="mb-3 hidden text-sm print:block">
      {chosen.length === 0 ? (
        'Everything, without a filter.'
      ) : (
        <>
          Only:{' '}
          {chosen.map(({ name, value }, index) => (
            <span key={name}>
              {index > 0 && ', '}
              {name} <ForeignText text={value} />
            </span>
          ))}
        </>
      )}
    </p>
  )
}
