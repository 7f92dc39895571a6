export { DayChart } from './day-chart.tsx'
export { outlookOf } from './outlook.ts'
