interface ChoicesProps<Value extends string> {
  readonly legend: string
  readonly hint?: string
  readonly options: readonly { readonly value: Value; readonly words: string }[]
  readonly chosen: readonly Value[]
  readonly onChange: (chosen: readonly Value[]) => void
}

/** Any number of a few. */
export function Choices<Value extends string>({ legend, hint, options, chosen, onChange }: ChoicesProps<Value>) {
  return (
    <fieldset>
      <legend className="mb-1 text-sm font-medium">
        {legend} {hint !== undefined && <span className="font-normal text-ink-faint">{hint}</span>}
      </legend>
      {options.map(({ value, words }) => (
        <label key={value} className="flex min-h-7 items-center gap-2 text-sm any-pointer-coarse:min-h-9">
          <input
            type="checkbox"
            checked={chosen.includes(value)}
            onChange={(event) =>
              onChange(event.target.checked ? [...chosen, value] : chosen.filter((one) => one !== value))
            }
            className="size-4 accent-accent"
          />
          {words}
        </label>
      ))}
    </fieldset>
  )
}
