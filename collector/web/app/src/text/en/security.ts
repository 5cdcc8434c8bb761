export default {
  title: 'Sign-in and security',
} as const
