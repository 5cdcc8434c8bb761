export default {
  title: 'Day',
} as const
