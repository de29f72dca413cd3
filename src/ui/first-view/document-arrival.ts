let arrival: number | undefined

/** When the document began to arrive, by this machine's clock. During server rendering: now. */
export function documentArrival(): number {
  if (arrival !== undefined) return arrival
  const [navigation] = performance.getEntriesByType('navigation')
  if (navigation === undefined || !('responseStart' in navigation)) return Date.now()
  arrival = performance.timeOrigin + Number(navigation.responseStart)
  return arrival
}
