/** A filter as written in the address. The server refuses an invalid value. */
export type FilterText<Name extends string> = Readonly<Partial<Record<Name, string>>>

export function readFilter<Name extends string>(
  names: readonly Name[],
  params: { get(name: string): string | null },
): FilterText<Name> {
  const filter: Partial<Record<Name, string>> = {}
  for (const name of names) {
    const value = params.get(name)?.trim()
    if (value) filter[name] = value
  }
  return filter
}
