'use client'

import { NameForm } from '~/ui/account/name-form'
import { PasskeysSection } from '~/ui/account/passkeys-section'
import { PasswordForm } from '~/ui/account/password-form'
import { ProvidersSection } from '~/ui/account/providers-section'
import { SecondFactorSection } from '~/ui/account/second-factor-section'
import { SessionsSection } from '~/ui/account/sessions-section'
import { Notice } from '~/ui/primitives/notice'
import { RowsSkeleton } from '~/ui/primitives/skeleton'
import { PageFrame } from '~/ui/shell/page-frame'
import { trpc } from '~/ui/trpc/client'
import { readWireError } from '~/ui/trpc/wire-error'

/** The account page: name, ways to sign in, and open sessions. */
export function AccountPage() {
  const account = trpc.account.get.useQuery()
  const utils = trpc.useUtils()
  const changed = () => void utils.account.invalidate()
  return (
    <PageFrame title="Account">
      {account.isError && (
        <Notice tone="warn" role="status">
          {readWireError(account.error).message}
        </Notice>
      )}
      {account.isPending && <RowsSkeleton what="the account" />}
      {account.data !== undefined && (
        <div className="rounded-md border border-line bg-panel p-4 sm:p-5">
          <NameForm account={account.data} onChanged={changed} />
          <PasskeysSection passkeys={account.data.passkeys} onChanged={changed} />
          {account.data.password && <PasswordForm onChanged={changed} />}
          {account.data.password && <SecondFactorSection on={account.data.secondFactor} onChanged={changed} />}
          {account.data.providers.length > 0 && <ProvidersSection providers={account.data.providers} />}
          <SessionsSection sessions={account.data.sessions} onChanged={changed} />
        </div>
      )}
    </PageFrame>
  )
}
