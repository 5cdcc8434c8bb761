export default {
  title: 'Set up Dayline',
  welcome: 'You become the first administrator of this collector. Others are added afterwards.',
  email: 'Your e-mail address',
  password: 'A password',
  passwordRule: 'At least 12 characters. Several words are easier to remember than symbols.',
  repeat: 'The password again',
  different: 'The two passwords are not the same.',
  create: 'Become the administrator',
  noCode: 'This address is incomplete',
  noCodeWhy: 'Open the whole link that the collector showed when it was started. It ends in a long code.',
  done: 'There is an administrator already',
  doneWhy: 'The link was used, or an administrator was entered in another way. Sign in instead.',
} as const
