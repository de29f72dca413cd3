/** What the browser keeps. A cookie, so that the server renders the page in the chosen theme and nothing flashes. */
export const THEME_COOKIE = 'deploy-console-theme'

export const THEMES = ['system', 'light', 'dark'] as const
export type Theme = (typeof THEMES)[number]

export const readTheme = (kept: string | undefined): Theme => THEMES.find((theme) => theme === kept) ?? 'system'

/** The value of `data-theme` on the root element; none: the system decides. */
export const themeMark = (theme: Theme): 'light' | 'dark' | undefined => (theme === 'system' ? undefined : theme)

const A_YEAR_S = 365 * 24 * 60 * 60

/** Shows the page in the theme, and keeps it for this browser. */
export function applyTheme(theme: Theme): void {
  const mark = themeMark(theme)
  if (mark === undefined) delete document.documentElement.dataset['theme']
  else document.documentElement.dataset['theme'] = mark
  // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API needs HTTPS, and a console may have none.
  document.cookie = `${THEME_COOKIE}=${theme}; path=/; max-age=${A_YEAR_S}; samesite=lax`
}
