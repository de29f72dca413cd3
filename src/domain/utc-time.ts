/** "2026-11-21 18:00 UTC". */
export const minuteUtc = (iso: string): string => `${iso.slice(0, 16).replace('T', ' ')} UTC`

/** "18:00 UTC". */
export const clockUtc = (iso: string): string => `${iso.slice(11, 16)} UTC`
