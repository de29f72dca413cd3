/** "0:07", "12:40", "1:02:09": whole seconds that passed between two events, never negative. */
export function duration(from: number, to: number): string {
  const total = Math.max(0, Math.floor((to - from) / 1000))
  const hours = Math.floor(total / 3600)
  const minutes = Math.floor((total % 3600) / 60)
  const seconds = String(total % 60).padStart(2, '0')
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${seconds}` : `${minutes}:${seconds}`
}
