/** On whose word an event of a deploy is known. `console`: the console did it, or notes what it does not know. */
export type EventProof = 'callback' | 'github_record' | 'github_answer' | 'prober' | 'person' | 'token' | 'console'

export const EVENT_PROOF_WORDS = {
  callback: 'Callback',
  github_record: 'GitHub’s record',
  github_answer: 'GitHub’s answer',
  prober: 'Prober',
  person: 'Person',
  token: 'API token',
  console: 'Console',
} as const satisfies Record<EventProof, string>
