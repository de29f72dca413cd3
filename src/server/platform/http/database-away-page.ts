import 'server-only'
import { RETRY_AFTER_SECONDS } from '~/domain/errors'

interface Look {
  /** Must be new for each answer. */
  readonly nonce: string
  readonly theme: 'light' | 'dark' | undefined
}

/**
 * What a page answers while the database is away: 503, without a script and without a file of the build, so that nothing else can fail. To a
 * window that moves to the page it is no answer of Next's, so the window loads the address as a whole.
 */
export function databaseAwayPage({ nonce, theme }: Look): Response {
  return new Response(html({ nonce, theme }), {
    status: 503,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'retry-after': String(RETRY_AFTER_SECONDS),
      'content-security-policy': `default-src 'none'; style-src 'nonce-${nonce}'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    },
  })
}

const html = ({ nonce, theme }: Look) => `<!doctype html>
<html lang="en"${theme === undefined ? '' : ` data-theme="${theme}"`}>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex, nofollow">
<title>The database does not answer · Deploy Console</title>
<link rel="icon" href="/icon.svg" type="image/svg+xml">
<style nonce="${nonce}">${STYLE}</style>
</head>
<body>
<main>
<h1>The database does not answer</h1>
<p>The console cannot show this page without its database. Opening the page changed nothing and stopped no run on GitHub.</p>
<p>Try again in a few seconds. If this page stays, look at the database and at the log of the console.</p>
<a href="">Try again</a>
</main>
</body>
</html>
`

/** The roles of src/app/globals.css that the page needs. */
const STYLE = `
:root { color-scheme: light dark; --ground: light-dark(oklch(0.968 0.004 90), oklch(0.165 0.008 265));
  --ink: light-dark(oklch(0.225 0.012 265), oklch(0.945 0.004 265)); --ink-soft: light-dark(oklch(0.41 0.012 265), oklch(0.785 0.008 265));
  --accent: light-dark(oklch(0.475 0.165 262), oklch(0.765 0.115 258)); --on-accent: light-dark(oklch(0.99 0.003 262), oklch(0.17 0.03 262)); }
:root[data-theme="light"] { color-scheme: light; }
:root[data-theme="dark"] { color-scheme: dark; }
body { margin: 0; background: var(--ground); color: var(--ink-soft); font: 0.875rem/1.25rem system-ui, sans-serif; -webkit-font-smoothing: antialiased; }
main { box-sizing: border-box; display: flex; flex-direction: column; align-items: flex-start; justify-content: center; gap: 0.75rem;
  max-width: 28rem; min-height: 100dvh; margin: 0 auto; padding: 0 1.5rem; }
h1, p { margin: 0; text-wrap: pretty; }
h1 { font-size: 1.125rem; line-height: 1.75rem; font-weight: 600; color: var(--ink); }
a { display: inline-flex; align-items: center; height: 2rem; padding: 0 0.8125rem; border-radius: 5px; background: var(--accent); color: var(--on-accent);
  font-size: 0.8125rem; font-weight: 500; text-decoration: none; }
a:hover { background: color-mix(in oklch, var(--accent), var(--ink) 14%); }
a:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
`
