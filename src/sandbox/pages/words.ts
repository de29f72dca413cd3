import { html, type Markup } from '~/sandbox/html/html'

/** Where a run, job or step stands: a word and a shape, not a colour alone. */
export const standing = (status: string, conclusion: string | null): Markup => {
  if (conclusion === 'success') return html`<span class="good">✓ success</span>`
  if (conclusion === 'failure' || conclusion === 'timed_out') return html`<span class="bad">✗ ${conclusion}</span>`
  if (conclusion !== null) return html`<span class="soft">– ${conclusion}</span>`
  if (status === 'in_progress') return html`<span class="busy">● in progress</span>`
  return html`<span class="soft">○ ${status}</span>`
}

/** How long it took, or has been taking; nothing for what never ran. */
export const duration = (from: string | null, to: string | null, now: Date): string => {
  if (from === null) return ''
  const seconds = Math.max(0, Math.round(((to === null ? now.getTime() : Date.parse(to)) - Date.parse(from)) / 1000))
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m ${seconds % 60}s`
}

export const short = (sha: string): string => sha.slice(0, 7)
