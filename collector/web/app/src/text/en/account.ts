export default {
  title: 'Account settings',
} as const
