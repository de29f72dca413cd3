import { type AskedInput, type AskedValues, completeValues, misfitOf } from '~/domain/deploy/asked-inputs'
import { visible } from '~/domain/foreign-text'
import { FIELD } from '~/ui/primitives/field'
import { ForeignText } from '~/ui/primitives/foreign-text'
import { trpc } from '~/ui/trpc/client'

/** The form's values: what was filled in, or else what the earlier deploy sent, or else the defaults of the workflow file. */
export function useAskedInputs(asked: readonly AskedInput[], filled: AskedValues, like: string | null) {
  const isAsked = asked.length > 0
  const earlier = trpc.deploys.get.useQuery(
    { id: like ?? '' },
    { enabled: isAsked && like !== null, staleTime: Infinity },
  )
  const sent = Object.fromEntries((earlier.data?.inputs ?? []).map(({ name, value }) => [name, value]))
  const given = asked.flatMap((input) => {
    const value = filled[input.name] ?? suggested(input, sent[input.name])
    return value === undefined ? [] : [[input.name, value] as const]
  })
  const inputs = completeValues(asked, Object.fromEntries(given))
  const fits = !earlier.isLoading && asked.every((input) => misfitOf(input, inputs[input.name]) === null)
  return { asked, filled, inputs, fits }
}

/** An earlier value is offered again only while the workflow still accepts it. */
const suggested = (input: AskedInput, value: string | undefined) =>
  value === undefined || misfitOf(input, value) !== null ? undefined : value

interface AskedInputsProps {
  readonly asked: readonly AskedInput[]
  readonly filled: AskedValues
  readonly inputs: AskedValues
  readonly onFilled: (name: string, value: string) => void
}

/** The inputs of the workflow that the operator fills in. A misfit is shown once its field was changed. */
export function AskedInputs({ asked, filled, inputs, onFilled }: AskedInputsProps) {
  if (asked.length === 0) return null
  return (
    <fieldset className="flex flex-col gap-3">
      <legend className="mb-2 text-sm font-semibold">Inputs</legend>
      {asked.map((input) => {
        const value = inputs[input.name] ?? ''
        const misfit = misfitOf(input, value)
        return (
          <AskedField
            key={input.name}
            input={input}
            value={value}
            misfit={filled[input.name] === undefined ? null : misfit}
            onFilled={(text) => onFilled(input.name, text)}
          />
        )
      })}
    </fieldset>
  )
}

interface AskedFieldProps {
  readonly input: AskedInput
  readonly value: string
  readonly misfit: string | null
  readonly onFilled: (value: string) => void
}

function AskedField({ input, value, misfit, onFilled }: AskedFieldProps) {
  const { name, type, description, required, options } = input
  const id = `input-${name}`
  const words = (
    <>
      <span className="font-mono text-[0.8125rem]">
        <ForeignText text={name} />
      </span>{' '}
      <span className="font-normal text-ink-faint">
        {description !== null && <ForeignText text={description} />} {required && '(required)'}
      </span>
    </>
  )
  if (type === 'boolean') {
    return (
      <label className="flex min-h-7 items-center gap-2 text-sm font-medium any-pointer-coarse:min-h-9">
        <input
          id={id}
          type="checkbox"
          checked={value === 'true'}
          onChange={(event) => onFilled(String(event.target.checked))}
          className="size-4 shrink-0 accent-accent"
        />
        <span>{words}</span>
      </label>
    )
  }
  const tied = { 'aria-invalid': misfit !== null, 'aria-describedby': `${id}-misfit` }
  return (
    <div>
      <label htmlFor={id} className="mb-1 block text-sm font-medium">
        {words}
      </label>
      {options === null ? (
        <input
          id={id}
          value={value}
          inputMode={type === 'number' ? 'decimal' : 'text'}
          maxLength={1_000}
          autoComplete="off"
          spellCheck={false}
          onChange={(event) => onFilled(event.target.value)}
          {...tied}
          className={FIELD}
        />
      ) : (
        <select id={id} value={value} onChange={(event) => onFilled(event.target.value)} {...tied} className={FIELD}>
          {!options.includes(value) && <option value={value}>{value === '' ? 'Choose' : visible(value)}</option>}
          {options.map((option) => (
            <option key={option} value={option}>
              {visible(option)}
            </option>
          ))}
        </select>
      )}
      <p id={`${id}-misfit`} aria-live="polite" className="mt-1 text-xs text-bad empty:hidden">
        {misfit !== null && `This input ${misfit}.`}
      </p>
    </div>
  )
}
