export default {
  title: 'Working hours',
} as const
