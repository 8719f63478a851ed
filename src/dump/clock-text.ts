const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const

/** A time in seconds with six decimals, and in local time: `1795387355.234853 (Sun Nov 22 22:42:35.234853 2026)`. */
export function clockText(atMs: number): string {
  const seconds = secondsText(atMs)
  const date = new Date(Number(seconds) * 1_000)
  const two = (value: number): string => String(value).padStart(2, '0')
  const clock = [date.getHours(), date.getMinutes(), date.getSeconds()].map((value) => two(value)).join(':')
  const day = String(date.getDate()).padStart(2, ' ')
  const fraction = seconds.slice(seconds.indexOf('.'))
  return `${seconds} (${DAYS[date.getDay()]} ${MONTHS[date.getMonth()]} ${day} ${clock}${fraction} ${date.getFullYear()})`
}

/** Milliseconds as seconds with six decimals. */
export function secondsText(atMs: number): string {
  return (atMs / 1_000).toFixed(6)
}
