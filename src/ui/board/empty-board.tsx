/** No surface is declared: what to do, in the words of the file where it is done. */
export function EmptyBoard() {
  return (
    <section className="rounded-md border border-line bg-panel px-6 py-8">
      <h2 className="text-base font-semibold">No surfaces yet</h2>
      <p className="mt-1 max-w-prose text-ink-soft">
        A surface is something you deploy: a service, a site, an app. Declare each one in{' '}
        <code className="font-mono text-[0.8125rem] text-ink">surfaces.yaml</code>, then restart the console.
      </p>
      <pre className="mt-4 max-w-prose rounded-[5px] bg-well px-4 py-3 font-mono text-xs leading-5 break-words whitespace-pre-wrap text-ink-soft">
        {`surfaces:
  - id: api-prod
    name: API
    environment: production
    repository: acme/platform
    workflow: deploy-heroku.yml
    ref: main
    url: https://api.example.com
    health_url: https://api.example.com/health`}
      </pre>
    </section>
  )
}
