import { accountAdd } from './commands/account/add.js';
import { accountDelete } from './commands/account/delete.js';
import { accountKeyAdd } from './commands/account/key/add.js';
import { accountKeyList } from './commands/account/key/list.js';
import { accountKeyRemove } from './commands/account/key/remove.js';
import { accountList } from './commands/account/list.js';
import { accountLock } from './commands/account/lock.js';
import { accountPassword } from './commands/account/password.js';
import { accountSet } from './commands/account/set.js';
import { accountShow } from './commands/account/show.js';
import { accountUnlock } from './commands/account/unlock.js';
import { completionBash } from './commands/completion/bash.js';
import { completionNames } from './commands/completion/names.js';
import { completionZsh } from './commands/completion/zsh.js';
import { doctor } from './commands/doctor.js';
import { init } from './commands/init.js';
import { jailCreate } from './commands/jail/create.js';
import { jailDelete } from './commands/jail/delete.js';
import { jailEnter } from './commands/jail/enter.js';
import { jailExec } from './commands/jail/exec.js';
import { jailList } from './commands/jail/list.js';
import { jailReset } from './commands/jail/reset.js';
import { jailRestart } from './commands/jail/restart.js';
import { jailSet } from './commands/jail/set.js';
import { jailShow } from './commands/jail/show.js';
import { jailStart } from './commands/jail/start.js';
import { jailStop } from './commands/jail/stop.js';
import { serverDrain } from './commands/server/drain.js';
import { serverReload } from './commands/server/reload.js';
import { serverStatus } from './commands/server/status.js';
import { sessionKill } from './commands/session/kill.js';
import { sessionList } from './commands/session/list.js';
import { templateBuild } from './commands/template/build.js';
import { templateCheck } from './commands/template/check.js';
import { templateList } from './commands/template/list.js';
import { templateShow } from './commands/template/show.js';
import { templateVerify } from './commands/template/verify.js';
import type { Verb } from './verb.js';

/** What each noun is, for the help. */
export const nouns: Readonly<Record<string, string>> = {
  account: 'who may log in',
  'account key': 'public keys of an account',
  jail: 'confined machines: one per account, and further ones as ACCOUNT+LABEL',
  template: 'root file systems that jails are made from',
  session: 'what runs for users now',
  server: 'the running server',
  completion: 'completion for shells',
};

/** All verbs. Help, completion and the tests that look at every verb are made from this one table. */
export const verbs: readonly Verb[] = [
  init,
  doctor,
  accountAdd,
  accountList,
  accountShow,
  accountSet,
  accountLock,
  accountUnlock,
  accountPassword,
  accountDelete,
  accountKeyAdd,
  accountKeyList,
  accountKeyRemove,
  jailList,
  jailShow,
  jailCreate,
  jailStart,
  jailStop,
  jailRestart,
  jailEnter,
  jailExec,
  jailSet,
  jailReset,
  jailDelete,
  templateBuild,
  templateList,
  templateShow,
  templateVerify,
  templateCheck,
  sessionList,
  sessionKill,
  serverStatus,
  serverReload,
  serverDrain,
  completionBash(() => verbs),
  completionZsh(() => verbs),
  completionNames,
];
