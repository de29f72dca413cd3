'use client'

import { keep, readKept, useKept } from '~/ui/preferences/kept'

const NAME = 'approval notifications'

/** Whether this browser may and shall show notifications of requests for approval. */
export const notifiesOfApprovals = (): boolean => isPermitted() && readKept(NAME) === 'on'

const isPermitted = (): boolean => typeof Notification !== 'undefined' && Notification.permission === 'granted'

/** As `notifiesOfApprovals`, for a page. False on the server. */
export const useNotifiesOfApprovals = (): boolean => useKept(NAME) === 'on' && isPermitted()

export const stopNotifying = (): void => keep(NAME, 'off')

/** Asks the browser for permission. Returns why there will be no notifications; null if there will be. */
export async function startNotifying(): Promise<string | null> {
  if (typeof Notification === 'undefined' || !window.isSecureContext) {
    return 'This browser shows no notifications for this page. Nothing was changed. Open the console over HTTPS, or use another browser.'
  }
  const permission = await Notification.requestPermission()
  if (permission === 'granted') {
    keep(NAME, 'on')
    return null
  }
  return permission === 'denied'
    ? 'This browser refuses notifications from the console. Nothing was changed. Allow them in the browser’s settings for this site, then try again.'
    : 'The browser’s prompt was closed. Nothing was changed. Try again, and choose “Allow”.'
}
