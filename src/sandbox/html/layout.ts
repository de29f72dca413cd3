import { html, type Markup } from '~/sandbox/html/html'
import { contentSecurityPolicy, style } from '~/sandbox/html/style'
import type { Answer } from '~/sandbox/http/answer'

/** What every page of the local GitHub needs to know. */
export interface Site {
  /** Where the Deploy Console is that this GitHub stands in for. */
  readonly consoleUrl: string
}

export interface PageOptions {
  readonly title: string
  readonly body: Markup
  readonly status?: number
  /** Seconds after which the browser loads the page again, while what it shows still changes. */
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

/** Pages of the local GitHub carry its navigation; the sample surfaces' own pages do not. */
export const githubPage = ({ consoleUrl }: Site, options: PageOptions): Answer =>
  page({
    ...options,
    title: `${options.title} · acme/platform · sandbox`,
    body: html`<header><nav><a href="/">Sandbox</a><span class="soft">acme/platform</span><a class="end" href="${consoleUrl}/">Deploy Console</a></nav></header><main>${options.body}</main>`,
  })

export const missingPage = (site: Site, what: string): Answer =>
  githubPage(site, { title: 'Not found', status: 404, body: html`<h1>Not found</h1><p>${what}</p>` })
