export default {
  title: 'Activity log',
} as const
