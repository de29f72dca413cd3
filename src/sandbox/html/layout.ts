import { createHash } from 'node:crypto'
import { html, type Markup } from '~/sandbox/html/html'
import type { Answer } from '~/sandbox/http/answer'

/** The style of every sandbox page, light or dark by the browser's setting. */
const style = `
:root { color-scheme: light dark; --ink: #1c2024; --soft: #5f6b76; --line: #d9dee3; --back: #fff; --panel: #f6f8fa;
  --good: #1a7f37; --bad: #c62a33; --busy: #8a5a00; --link: #0b5cc2; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6eaee; --soft: #9aa6b1; --line: #333c45; --back: #12161a;
  --panel: #1a2026; --good: #57c26d; --bad: #ff7b80; --busy: #e3b341; --link: #6cb2ff; } }
* { box-sizing: border-box }
body { margin: 0; background: var(--back); color: var(--ink); font: 15px/1.5 system-ui, sans-serif }
main { max-width: 62rem; margin: 0 auto; padding: 1.5rem 1rem 4rem }
header { border-bottom: 1px solid var(--line) }
header nav { max-width: 62rem; margin: 0 auto; padding: .6rem 1rem; display: flex; gap: 1rem }
h1 { font-size: 1.35rem; margin: 0 0 .25rem } h2 { font-size: 1.05rem; margin: 2rem 0 .5rem }
a { color: var(--link) }
code, pre { font: 13px/1.5 ui-monospace, monospace }
pre { background: var(--panel); border: 1px solid var(--line); border-radius: 6px; padding: .6rem .8rem; white-space: pre-wrap; overflow-wrap: anywhere; margin: .3rem 0 }
time, .good, .bad, .busy { white-space: nowrap }
table { border-collapse: collapse; width: 100% } th, td { text-align: left; padding: .45rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top }
th { color: var(--soft); font-weight: 600 }
.note, .soft { color: var(--soft) } .good { color: var(--good) } .bad { color: var(--bad) } .busy { color: var(--busy) }
details { border: 1px solid var(--line); border-radius: 6px; margin: .35rem 0; padding: .35rem .7rem } summary { cursor: pointer }
form { display: flex; gap: .5rem; flex-wrap: wrap; align-items: center; margin: 0 }
input, select, button { font: inherit; padding: .3rem .5rem; border: 1px solid var(--line); border-radius: 6px; background: var(--panel); color: inherit }
dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: .2rem 1rem } dt { color: var(--soft) } dd { margin: 0; overflow-wrap: anywhere }
.scroll { overflow-x: auto } .end { margin-left: auto }
@media (max-width: 599px) { .stacked thead { display: none } .stacked tr { display: block; padding: .45rem 0; border-bottom: 1px solid var(--line) }
  .stacked td { display: block; padding: .15rem 0; border: 0; overflow-wrap: anywhere } .stacked td:empty { display: none } }
`

/** Allows this style by its hash, and no script, image or other request. */
const contentSecurityPolicy = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'`,
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ')

export interface Site {
  /** The address of the console that uses this sandbox. */
  readonly consoleUrl: string
}

interface PageOptions {
  readonly title: string
  readonly body: Markup
  readonly status?: number
  /** Reloads the page after this many seconds, while its content still changes. */
  readonly refresh?: number | undefined
}

const styleElement: Markup = { markup: `<style>${style}</style>` }

export const page = ({ title, body, status = 200, refresh }: PageOptions): Answer => {
  const document = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
${refresh !== undefined && html`<meta http-equiv="refresh" content="${refresh}">`}
<title>${title}</title>
<link rel="icon" href="data:,">
${styleElement}
</head>
<body>${body}</body>
</html>
`
  return {
    status,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': contentSecurityPolicy,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'same-origin',
    },
    body: document.markup,
  }
}

/** A page of the local GitHub, with its navigation. Pages of sample surfaces have none. */
export const githubPage = (
  { consoleUrl }: Site,
  { repository, ...options }: PageOptions & { readonly repository?: string },
): Answer =>
  page({
    ...options,
    title: [options.title, ...(repository === undefined ? [] : [repository]), 'sandbox'].join(' · '),
    body: html`<header><nav><a href="/">Sandbox</a><span class="soft">${repository}</span><a class="end" href="${consoleUrl}/">Deploy Console</a></nav></header><main>${options.body}</main>`,
  })

export const missingPage = (site: Site, what: string): Answer =>
  githubPage(site, { title: 'Not found', status: 404, body: html`<h1>Not found</h1><p>${what}</p>` })
