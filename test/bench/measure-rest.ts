import { createTestDatabase } from '~test/support/database'
import { restHours } from '~test/support/rest-hours'
import { sumOf } from '~test/support/resting-github'

export interface RestFigures {
  /** Requests an hour that GitHub got, 304s among them. */
  readonly pollingPerHour: number
  readonly webhooksPerHour: number
  /** The part of the requests without webhooks that was answered 304. */
  readonly pollingUnchanged: number
}

/** With webhooks, looks are 60 to 66 minutes apart: as long as four of the longest pauses. */
const WEBHOOK_HOURS = 4.4

/** Two surfaces in each repository, two workers, nobody deploying, over a scaled clock. */
export async function measureRest(
  server: string,
  { repositories }: { readonly repositories: number },
): Promise<RestFigures> {
  const rest = async (options: { readonly webhooks: boolean; readonly hours: number }) => {
    const database = await createTestDatabase(server)
    try {
      return await restHours(database.url, { repositories, ...options })
    } finally {
      await database.drop()
    }
  }
  const polling = await rest({ webhooks: false, hours: 1 })
  const webhooks = await rest({ webhooks: true, hours: WEBHOOK_HOURS })
  return {
    pollingPerHour: sumOf(polling.requests),
    webhooksPerHour: Math.round(sumOf(webhooks.requests) / WEBHOOK_HOURS),
    pollingUnchanged: sumOf(polling.unchanged) / sumOf(polling.requests),
  }
}
