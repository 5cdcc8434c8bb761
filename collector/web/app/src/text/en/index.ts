import account from './account'
import activity from './activity'
import apps from './apps'
import audit from './audit'
import categories from './categories'
import chart from './chart'
import classification from './classification'
import common from './common'
import dashboard from './dashboard'
import devices from './devices'
import doNotTrack from './do-not-track'
import extension from './extension'
import format from './format'
import groups from './groups'
import hours from './hours'
import install from './install'
import links from './links'
import live from './live'
import myDay from './my-day'
import people from './people'
import peopleAdmin from './people-admin'
import groupsAdmin from './groups-admin'
import person from './person'
import question from './question'
import releases from './releases'
import security from './security'
import setup from './setup'
import signIn from './sign-in'
import sites from './sites'
import states from './states'
import storage from './storage'
import tokens from './tokens'
import updates from './updates'
import users from './users'

export const en = {
  account,
  activity,
  apps,
  audit,
  categories,
  chart,
  classification,
  common,
  dashboard,
  devices,
  doNotTrack,
  extension,
  format,
  groups,
  hours,
  install,
  links,
  live,
  myDay,
  people,
  peopleAdmin,
  groupsAdmin,
  person,
  question,
  releases,
  security,
  setup,
  signIn,
  sites,
  states,
  storage,
  tokens,
  updates,
  users,
}
