import { config } from 'zod/v4/core'

// Runs before anything of a page. zod tries out whether it may use `eval`, which the content policy refuses and reports.
config({ jitless: true })
