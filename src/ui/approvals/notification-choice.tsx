'use client'

import { useState } from 'react'
import { startNotifying, stopNotifying, useNotifiesOfApprovals } from '~/ui/preferences/approval-notifications'
import { Notice } from '~/ui/primitives/notice'

/** Turns notifications of this browser on and off. The browser is asked only when somebody turns them on. */
export function NotificationChoice() {
  const isOn = useNotifiesOfApprovals()
  const [problem, setProblem] = useState<string | null>(null)
  const change = async (on: boolean) => {
    setProblem(null)
    if (on) setProblem(await startNotifying())
    else stopNotifying()
  }
  return (
    <div className="mb-4 flex flex-col gap-2">
      <label className="flex w-fit items-center gap-2 text-sm">
        <input
          type="checkbox"
          checked={isOn}
          onChange={(event) => void change(event.target.checked)}
          className="size-4 accent-accent"
        />
        Notify me in this browser when a request waits for my decision
      </label>
      {problem !== null && (
        <Notice tone="warn" role="alert">
          {problem}
        </Notice>
      )}
    </div>
  )
}
