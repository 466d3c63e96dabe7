import { describe, expect, it } from 'vitest';
import { makeFormat } from '../../i18n/format';
import { translator } from '../../i18n/I18n';
import { languages } from '../../i18n/locale';
// Written by the server's tests: of each check what it finds when all is well, and each fault.
import findings from './findings.json';
import { checkName, faultOf, figuresOf, serviceName, type Found } from './words';

const found = findings as ((typeof findings)[number] & Found)[];
const faults = found.filter(({ code }) => code !== null);
const locales = { en: 'en-GB', fr: 'fr-FR' };
const of = Object.fromEntries(
  languages.map((language) => [
    language,
    { t: translator(language, locales[language]), format: makeFormat(locales[language], 'Europe/Paris', 'EUR') },
  ]),
) as Record<(typeof languages)[number], { t: ReturnType<typeof translator>; format: ReturnType<typeof makeFormat> }>;
const french = (code: string) => {
  const one = faults.find((fault) => fault.code === code)!;
  return faultOf(of.fr.t, of.fr.format, one)?.replace(/[\u00a0\u202f]/g, ' ');
};

describe('what the server’s checks find', () => {
  it.each(faults.map((fault) => [fault.code, fault] as const))('%s has words in both languages', (_, fault) => {
    // Without words, or with a hole that the server has nothing for, it would be the server's sentence.
    const silent = { ...fault, detail: null };
    const [en, fr] = languages.map((language) => faultOf(of[language].t, of[language].format, silent));
    expect(en).toBeTruthy();
    expect(fr).toBeTruthy();
    expect(fr).not.toBe(en);
    for (const text of [en, fr]) expect(text).not.toMatch(/\{|undefined|NaN/);
  });

  it.each(found.map((one) => [`${one.service}: ${one.name}`, one] as const))('%s has a name, and its figures have', (_, one) => {
    for (const { t, format } of Object.values(of)) {
      expect(serviceName(t, one)).not.toBe(one.service);
      expect(checkName(t, one)).not.toBe(one.name);
      const unnamed = Object.keys(one.data).filter((name) => figuresOf(t, format, one.data).some(([label]) => label === name));
      expect(unnamed).toEqual([]);
    }
  });

  it('is said with the figures of the moment, as the reader writes them', () => {
    expect(french('disk_low')).toBe(
      '14,2 Go libres sur 200 Go. Libérez de la place, ou déplacez le dossier des données vers un disque plus grand.',
    );
    expect(french('jobs_late')).toBe(
      '17 tâches attendent d’être prises en charge, la plus ancienne depuis 21 minutes. Un serveur tourne-t-il, et a-t-il de quoi les traiter ?',
    );
    expect(french('watermark_held')).toContain('(psql, idle in transaction, depuis le 2 mars 2026, 15:30)');
    expect(french('watermark_held')).toContain('pg_terminate_backend(14711)');
    expect(french('transactions_old')).toContain('1 234 567 890 transactions');
    expect(french('backup_files_lost')).toContain('1 fichier dont');
    expect(french('timelines_building')).toContain('42 % est fait');
    expect(french('consumer_behind')).toBe('8 400 événements et 96 secondes de retard.');
  });

  it('is the server’s sentence where there are no words, or not all that ours name', () => {
    const { t, format } = of.fr;
    expect(faultOf(t, format, { code: 'made_tomorrow', detail: 'In English.', data: null })).toBe('In English.');
    expect(faultOf(t, format, { code: 'disk_low', detail: 'In English.', data: { freeBytes: 1 } })).toBe('In English.');
    expect(faultOf(t, format, { code: null, detail: 'A probe’s own words', data: {} })).toBe('A probe’s own words');
    expect(faultOf(t, format, { code: null, detail: null, data: null })).toBeNull();
    const probe = { service: 'node', name: 'disk (a)', ofOrganization: true };
    expect([serviceName(t, probe), checkName(t, probe)]).toEqual(['node', 'disk (a)']);
    expect(checkName(t, { service: 'node', name: 'disk (node (2))' })).toBe('Disque (node (2))');
    expect(checkName(t, { service: 'later', name: 'made tomorrow (a)' })).toBe('made tomorrow (a)');
  });
});
