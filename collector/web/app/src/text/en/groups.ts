export default {
  title: 'Groups side by side',
} as const
