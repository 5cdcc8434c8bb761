export default {
  title: 'Users and roles',
} as const
