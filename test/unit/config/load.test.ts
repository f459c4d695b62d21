import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { parseIni } from '../../../src/base/ini.js';
import { configFrom, loadConfig } from '../../../src/config/load.js';
import { listSettings, printConfig } from '../../../src/config/print.js';
import { isJaildError } from '../../../src/errors/jaild-error.js';

const from = (text: string, file = '/etc/jaild/jaild.ini') => configFrom(file, [parseIni(text, file)]);

function refusal(text: string): string {
  try {
    from(text);
  } catch (error) {
    assert.ok(isJaildError(error, 'config-invalid'));
    return error.message;
  }
  return assert.fail('was accepted');
}

describe('configuration', () => {
  it('has defaults that work', () => {
    const config = configFrom('/etc/jaild/jaild.ini', []);
    assert.equal(config.listener.graceTimeMs, 120_000);
    assert.equal(config.jails.tmpBytes, 256 * 1024 * 1024);
    assert.equal(config.jails.memoryBytes, undefined);
    assert.equal(config.server.stateDir, '/var/lib/jaild');
    assert.equal(config.server.toolboxDir, '/var/lib/jaild/toolbox');
    assert.equal(config.log.auditFile, '/var/log/jaild/audit.log');
    assert.deepEqual(config.server.listen, [{ host: '::', port: 22 }]);
    assert.equal(config.origins.get('listener.grace_time'), 'default');
  });

  it('converts units once and remembers where a value stands', () => {
    const config = from('[listener]\n\ngrace_time = 1m30s\n[jails]\ntmp_size = 1.5G\nmemory = 512M\n');
    assert.equal(config.listener.graceTimeMs, 90_000);
    assert.equal(config.jails.tmpBytes, 1.5 * 1024 ** 3);
    assert.equal(config.jails.memoryBytes, 512 * 1024 ** 2);
    assert.equal(config.origins.get('listener.grace_time'), '/etc/jaild/jaild.ini:3');
  });

  it('keeps a whole instance below one directory', () => {
    const config = from('[server]\ninstance_dir = .\nlog_dir = elsewhere\n', '/var/tmp/one/jaild.ini');
    assert.equal(config.server.stateDir, '/var/tmp/one/state');
    assert.equal(config.server.runDir, '/var/tmp/one/run');
    assert.equal(config.server.logDir, '/var/tmp/one/elsewhere');
    assert.equal(config.log.auditFile, '/var/tmp/one/elsewhere/audit.log');
    assert.equal(config.server.templateDir, '/var/tmp/one/templates');
  });

  it('takes lists as lines and as one line', () => {
    const lines = from('[server]\nlisten[] = 127.0.0.1:2222\nlisten[] = [::1]:2222\n').server.listen;
    assert.deepEqual(lines, from('[server]\nlisten = 127.0.0.1:2222, [::1]:2222\n').server.listen);
    assert.equal(lines.length, 2);
    assert.deepEqual(from('[auth]\nlookup_program[] = /bin/x\nlookup_program[] = a b\n').auth.lookupProgram, [
      '/bin/x',
      'a b',
    ]);
  });

  it('tells all problems at once, with line and nearest name', () => {
    const message = refusal('[listner]\n[listener]\ngrace_tme = 5s\nmax_startups = many\n[auth]\npassword = maybe\n');
    assert.match(message, /jaild\.ini:1: there is no section \[listner\]; did you mean listener\?/);
    assert.match(message, /jaild\.ini:3: \[listener\] has no key grace_tme; did you mean grace_time\?/);
    assert.match(message, /jaild\.ini:4: \[listener\] max_startups: "many" is not a whole number/);
    assert.match(message, /jaild\.ini:6: \[auth\] password: "maybe" is neither yes nor no/);
  });

  it('refuses values that do not fit together', () => {
    assert.match(refusal('[jails]\nnetwork = host\n'), /:2: \[jails\] network: host needs allow_host_network/);
    assert.match(refusal('[listener]\nuid = 70005\n'), /workers' range/);
    assert.match(refusal('[jails]\nfirst_base = 131073\n'), /multiples of 65536/);
    assert.match(refusal('[listener]\nident_time = 3m\n'), /longer than grace_time/);
  });

  it('refuses a bare number where a unit belongs, and a list where one value belongs', () => {
    assert.match(refusal('[listener]\ngrace_time = 120\n'), /not a duration/);
    assert.match(refusal('[listener]\ngrace_time[] = 1s\n'), /takes one value/);
  });

  it('prints what reads back to the same values', () => {
    const config = from(
      '[listener]\ngrace_time = 90s\n[jails]\nmemory = 100M\n[server]\nlisten = [::1]:22, 22\nidentification = x"y\n[workers]\nnever_share = 10.0.0.0/8\n',
    );
    const values = (of: typeof config) => listSettings(of).map(({ section, key, value }) => [section, key, value]);
    assert.deepEqual(values(from(printConfig(config))), values(config));
  });

  it('gives every key a distinct property and a default that it accepts', () => {
    const settings = listSettings(configFrom('/x.ini', []));
    assert.ok(settings.length > 60);
    assert.equal(new Set(settings.map(({ section, key }) => `${section}.${key}`)).size, settings.length);
    for (const setting of settings) assert.ok(setting.help.length > 0, setting.key);
  });
});

describe('configuration files', () => {
  let folder = '';
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'jaild-config-'));
  });
  after(() => rmSync(folder, { recursive: true }));

  it('are merged in order of name, later ones win', () => {
    const file = join(folder, 'jaild.ini');
    mkdirSync(`${file}.d`);
    writeFileSync(file, '[auth]\nmax_tries = 3\npassword = no\n');
    writeFileSync(join(`${file}.d`, '20-b.ini'), '[auth]\nmax_tries = 5\n');
    writeFileSync(join(`${file}.d`, '10-a.ini'), '[auth]\nmax_tries = 4\n');
    writeFileSync(join(`${file}.d`, 'notes.txt'), 'not read');
    const config = loadConfig(file);
    assert.equal(config.auth.maxTries, 5);
    assert.equal(config.auth.password, false);
    assert.equal(config.files.length, 3);
    assert.equal(config.origins.get('auth.max_tries'), `${join(`${file}.d`, '20-b.ini')}:2`);
  });

  it('are refused when absent, when anybody may write them, when broken', () => {
    assert.throws(
      () => loadConfig(join(folder, 'absent.ini')),
      (error) => isJaildError(error, 'config-missing'),
    );
    const open = join(folder, 'open.ini');
    writeFileSync(open, '[auth]\n');
    chmodSync(open, 0o666);
    assert.throws(
      () => loadConfig(open),
      (error) => isJaildError(error, 'config-unreadable'),
    );
    const broken = join(folder, 'broken.ini');
    writeFileSync(broken, '[auth]\nmax_tries\n');
    assert.throws(
      () => loadConfig(broken),
      (error) => isJaildError(error, 'config-invalid') && /broken\.ini:2: "max_tries" has no value/.test(error.message),
    );
  });
});
