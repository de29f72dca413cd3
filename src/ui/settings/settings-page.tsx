'use client'

import type { ReactNode } from 'react'
import { CHANNELS, isChannelKind } from '~/domain/delivery'
import type { SettingsView } from '~/domain/settings'
import { workerWarning } from '~/domain/worker'
import { EmbedSection } from '~/ui/embeds/embed-section'
import { Disclosure } from '~/ui/primitives/disclosure'
import { ForeignText } from '~/ui/primitives/foreign-text'
import { LINK, PageLink } from '~/ui/primitives/links'
import { Notice } from '~/ui/primitives/notice'
import { RowsSkeleton } from '~/ui/primitives/skeleton'
import { PageFrame } from '~/ui/shell/page-frame'
import { exactUtc } from '~/ui/time/relative-time'
import { trpc } from '~/ui/trpc/client'
import { readWireError } from '~/ui/trpc/wire-error'

/** How this console is set up, for admins. Nothing is changed here. */
export function SettingsPage() {
  const settings = trpc.settings.read.useQuery()
  return (
    <PageFrame title="Settings">
      {settings.isError && settings.data === undefined ? (
        <Notice tone="bad" role="alert">
          {readWireError(settings.error).message}
        </Notice>
      ) : settings.data === undefined ? (
        <RowsSkeleton what="the settings" />
      ) : (
        <>
          <Facts settings={settings.data} />
          <Variables variables={settings.data.variables} />
          <EmbedSection surfaceId={null} name="" />
        </>
      )}
    </PageFrame>
  )
}

function Facts({ settings }: { readonly settings: SettingsView }) {
  const { version, commit, github, worker, providers, channels, logRetentionDays } = settings
  const facts: readonly (readonly [string, ReactNode])[] = [
    [
      'Version',
      <>
        {version}
        {commit === null ? ', commit not known' : `, commit ${commit.slice(0, 7)}`}
      </>,
    ],
    [
      'Kind',
      settings.isSandbox
        ? 'Sandbox: GitHub and the surfaces are local stand-ins.'
        : 'Console of a real GitHub: deploys leave this machine.',
    ],
    ['Address', <ForeignText key="address" text={settings.consoleUrl} />],
    [
      'GitHub',
      <>
        <ForeignText text={github.apiUrl} />, with {github.credentials === 'app' ? 'a GitHub App' : 'a token'}. What is
        left of the rate limit is in{' '}
        <PageLink href="/health" className={LINK}>
          Health
        </PageLink>
        .
      </>,
    ],
    [
      'Webhooks',
      <>
        {github.webhooks ? 'Configured.' : 'Not configured: the console polls GitHub.'} What was heard is in{' '}
        <PageLink href="/health" className={LINK}>
          Health
        </PageLink>
        .
      </>,
    ],
    [
      'Workers',
      <>
        {workerWarning(worker, exactUtc) ?? 'A worker reported within the last minute.'}{' '}
        {settings.inProcessWorker ? 'This server runs one.' : 'This server runs none: workers are separate processes.'}
      </>,
    ],
    [
      'Sign-in',
      <>
        Password and passkey{providers.length === 0 ? ', no provider' : ''}
        {providers.map((name) => (
          <span key={name}>
            , <ForeignText text={name} />
          </span>
        ))}
        .
      </>,
    ],
    [
      'Deliveries',
      <>
        {channels.length === 0 ? 'No channel.' : null}
        {channels.map(({ id, kind, name, enabled }) => (
          <span key={id} className="block">
            {isChannelKind(kind) ? CHANNELS[kind].word : kind}: <ForeignText text={name} />
            {!enabled && ' (off)'}
          </span>
        ))}{' '}
        <PageLink href="/deliveries" className={LINK}>
          Deliveries
        </PageLink>
      </>,
    ],
    [
      'Retention',
      logRetentionDays === null
        ? 'Log lines and deliveries are kept for ever, and so is the audit trail.'
        : `Log lines and deliveries are deleted ${logRetentionDays} days after the end of their deploy. The audit trail is kept.`,
    ],
  ]
  return (
    <dl className="rounded-md border border-line bg-panel text-sm">
      {facts.map(([term, fact]) => (
        <div
          key={term}
          className="gap-x-4 border-t border-line px-4 py-2.5 first:border-t-0 sm:grid sm:grid-cols-[9rem_1fr]"
        >
          <dt className="font-medium">{term}</dt>
          <dd className="min-w-0 wrap-anywhere text-ink-soft">{fact}</dd>
        </div>
      ))}
    </dl>
  )
}

const SOURCES = {
  environment: 'Environment',
  file: 'File',
  'not set': 'Not set',
} as const satisfies Record<SettingsView['variables'][number]['source'], string>

/** Names and origins. Values stay in the environment. */
function Variables({ variables }: Pick<SettingsView, 'variables'>) {
  const [set, unset] = [
    variables.filter(({ source }) => source !== 'not set'),
    variables.filter(({ source }) => source === 'not set'),
  ]
  return (
    <section aria-labelledby="variables" className="mt-6">
      <h2 id="variables" className="mb-1.5 text-sm font-semibold">
        Configuration
      </h2>
      <p className="mb-2.5 max-w-prose text-sm text-pretty text-ink-soft">
        The variables with which this server was started, without their values. “npm start” sets some of those that
        nobody configured. To change one, change the environment and start the console again;
        docs/operations/configure.md lists them.
      </p>
      <VariableTable title="Variables that are set" variables={set} />
      <div className="mt-3">
        <Disclosure title="Not set" note={`${unset.length} variables: their defaults apply`}>
          <div className="mt-2">
            <VariableTable title="Variables that are not set" variables={unset} />
          </div>
        </Disclosure>
      </div>
    </section>
  )
}

function VariableTable({ title, variables }: { readonly title: string } & Pick<SettingsView, 'variables'>) {
  return (
    <div className="overflow-hidden rounded-md border border-line bg-panel">
      <table className="w-full border-collapse text-sm">
        <caption className="sr-only">{title}</caption>
        <thead>
          <tr className="text-left text-xs text-ink-faint">
            <th scope="col" className="px-4 py-2 font-medium">
              Variable
            </th>
            <th scope="col" className="px-4 py-2 font-medium">
              From
            </th>
          </tr>
        </thead>
        <tbody>
          {variables.map(({ name, isSecret, source }) => (
            <tr key={name} className="border-t border-line">
              <th scope="row" className="px-4 py-1.5 text-left font-mono text-xs font-normal wrap-anywhere">
                <ForeignText text={name} />
              </th>
              <td className="px-4 py-1.5 text-ink-soft">
                {SOURCES[source]}
                {isSecret && ', secret'}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
