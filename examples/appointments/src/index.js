export { Calendar } from './calendar.js'
export { formatInterval, parseInterval } from './format.js'
export { contains, duration, overlaps } from './interval.js'
