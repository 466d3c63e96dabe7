// @vitest-environment jsdom
import { fireEvent, screen, waitFor } from '@testing-library/react';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ok, openConsole, session, stubServer } from '../testing';
import { offeredKinds } from './kinds';

const patience = { timeout: 8_000 };
const item = {
  id: 'i',
  kind: 'customers',
  fileName: 'customers.jsonl',
  fileSize: 12,
  sha256: 'ab',
  state: 'uploaded',
  createdAt: '2024-01-01T00:00:00Z',
  startedAt: null,
  finishedAt: null,
  createdBy: null,
  mapping: null,
  lines: 1,
  linesRead: 0,
  accepted: 0,
  rejected: 0,
  duplicates: 0,
  counts: {},
  progress: 0,
  secondsLeft: null,
  problem: null,
};
const kinds = ['customers', 'events', 'orders', 'gifts'];
const field = (name: string, kind = 'text', required = false) => ({ name, label: `Server’s ${name}`, description: '', required, kind });
const format = { delimiter: 'json', encoding: 'utf-8', decimal: '.', date: 'iso', timeZone: 'UTC', currency: null, exchangeRate: 1 };

afterEach(() => vi.unstubAllGlobals());

describe('a file to import', () => {
  it('can be of each kind the server takes, and the address holds which', async () => {
    stubServer({ '/session': ok(session()), '/imports/fields': ok({ fields: [], kinds }) });
    const router = openConsole('/o/retail/imports/new');
    expect(await screen.findByText('Drop a file of orders here', undefined, patience)).toBeTruthy();
    await screen.findByRole('radio', { name: 'gifts' }, patience);
    expect(screen.getAllByRole('radio').map((radio) => radio.getAttribute('value'))).toEqual(['orders', 'customers', 'events', 'gifts']);
    fireEvent.click(screen.getByRole('radio', { name: 'Customers' }));
    expect(await screen.findByText('Drop a file of customers here', undefined, patience)).toBeTruthy();
    expect(router.state.location.search).toEqual({ kind: 'customers' });
    fireEvent.click(screen.getByRole('radio', { name: 'gifts' }));
    expect(await screen.findByText('Drop the file here', undefined, patience)).toBeTruthy();
  });

  it('is offered as one of three before the server has answered', () => {
    expect(offeredKinds(undefined)).toEqual(['orders', 'customers', 'events']);
    expect(offeredKinds(['events'])).toEqual(['events']);
  });
});

describe('the columns of a file of customers', () => {
  it('have the words of customers, and nothing that only orders have', async () => {
    const checked = vi.fn(() =>
      ok({ problems: {}, rows: [{ line: 1, ok: true, problem: null, values: { customerId: 'K1', email: 'a@b.example' } }] }),
    );
    stubServer({
      '/session': ok(session()),
      '/imports/fields': ok({ fields: [field('customerId'), field('email'), field('shoeSize')], kinds }),
      '/imports/i': ok(item),
      '/imports/i/preview': ok({
        columns: ['$', 'id', 'email'],
        rows: [['{}', 'K1', 'a@b.example']],
        suggested: { format, columns: { customerId: 'id', email: 'email' } },
      }),
      'POST /imports/i/check': checked,
    });
    openConsole('/o/retail/imports/new?import=i');
    expect((await screen.findAllByText('The first 1 line can be read.', undefined, patience)).length).toBeGreaterThan(0);
    expect(screen.getByText('In your own system; the email where it is empty')).toBeTruthy();
    expect(screen.getAllByText('Server’s shoeSize').length).toBeGreaterThan(0);
    expect(screen.getByText('A customer')).toBeTruthy();
    expect(screen.getByDisplayValue('JSON: an object a line')).toBeTruthy();
    for (const words of ['Currency of the prices', 'Exchange rate', 'Decimal sign', 'Orders, refunds, adjustments'])
      expect(screen.queryByText(words)).toBeNull();
    await waitFor(() =>
      expect(checked).toHaveBeenCalledWith({ mapping: { format, columns: { customerId: 'id', email: 'email' } } }, expect.anything()),
    );
  });
});

describe('a file that is being started', () => {
  it('is not asked for any more: that of a small import may be gone already', async () => {
    const checked = vi.fn(() => ok({ problems: {}, rows: [] }));
    stubServer({
      '/session': ok(session()),
      '/imports/fields': ok({ fields: [field('customerId')], kinds }),
      '/imports/i': ok(item),
      '/imports/i/preview': ok({ columns: ['id', 'no'], rows: [['1', '2']], suggested: { format, columns: { customerId: 'id' } } }),
      'POST /imports/i/check': checked,
      'POST /imports/i/start': 'never',
    });
    openConsole('/o/retail/imports/new?import=i');
    const column = await screen.findByRole('combobox', { name: /^Server’s customerId|^Customer identifier/ }, patience);
    await waitFor(() => expect(checked).toHaveBeenCalledTimes(1));
    fireEvent.click(column);
    fireEvent.click(await screen.findByRole('option', { name: 'no' }));
    const start = screen.getByRole('button', { name: 'Start the import' });
    fireEvent.click(start);
    await waitFor(() => expect(start.getAttribute('data-loading')).toBe('true'));
    // Longer than the pause after which a change is checked.
    await new Promise((over) => setTimeout(over, 600));
    expect(checked).toHaveBeenCalledTimes(1);
  });
});

describe('a mapping with faults', () => {
  it('is told of them in the reader’s language, where it is plain to see what they are', async () => {
    const field = (name: string) => ({ name, label: name, description: '', required: false, kind: 'text' });
    const format = { delimiter: ',', encoding: 'utf-8', decimal: '.', date: 'jj/mm', timeZone: 'UTC', currency: null, exchangeRate: 1 };
    stubServer({
      '/session': ok(session({ language: 'fr' })),
      '/imports/fields': ok({ fields: [field('customerId'), field('email'), field('phone')], kinds: ['customers'] }),
      '/imports/j': ok({ ...item, id: 'j', kind: 'customers' }),
      '/imports/j/preview': ok({
        columns: ['Tél'],
        rows: [['1']],
        suggested: { format, columns: { email: 'Courriel', phone: { column: 'Tél', pattern: '(' } } },
      }),
      'POST /imports/j/check': ok({
        rows: [],
        problems: {
          'columns.customerId': ['Say which column holds the customer’s id.'],
          'columns.email': ['The file has no column.'],
          'columns.phone': ['What only the server knows.'],
          'format.date': ['This is no date.'],
        },
      }),
    });
    openConsole('/o/retail/imports/new?import=j');
    expect(await screen.findByText('Choisissez une colonne, ici ou pour ce qui peut la remplacer.', undefined, patience)).toBeTruthy();
    expect(screen.getByText('Le fichier n’a pas de colonne « Courriel ».')).toBeTruthy();
    expect(screen.getByText('Écrivez par exemple dd/MM/yyyy HH:mm, ou iso.')).toBeTruthy();
    expect(screen.getByText('What only the server knows.')).toBeTruthy();
    expect(screen.queryByText(/Say which|has no column|no date/)).toBeNull();
  });
});

describe('a header with the same name twice', () => {
  it('is offered once, and what is not clear is said at the field', async () => {
    const unclear = 'The file has 2 columns "email" (numbers 2, 3), so it is not clear which is meant.';
    stubServer({
      '/session': ok(session()),
      '/imports/fields': ok({ fields: [field('customerId'), field('email')], kinds }),
      '/imports/i': ok(item),
      '/imports/i/preview': ok({
        columns: ['id', 'email', 'email'],
        rows: [['K1', 'a@b.example', 'b@b.example']],
        suggested: { format: { ...format, delimiter: ',' }, columns: { customerId: 'id', email: 'email' } },
      }),
      'POST /imports/i/check': ok({ problems: { 'columns.email': [unclear] }, rows: [] }),
    });
    openConsole('/o/retail/imports/new?import=i');
    expect((await screen.findAllByText(unclear, undefined, patience)).length).toBeGreaterThan(0);
    expect(screen.getAllByDisplayValue('email').length).toBeGreaterThan(0);
  });
});

describe('an import of events', () => {
  it('counts events, and says what undoing it does', async () => {
    stubServer({
      '/session': ok(session()),
      '/imports/i': ok({
        ...item,
        kind: 'events',
        fileName: 'e.jsonl',
        state: 'completed',
        linesRead: 4,
        accepted: 3,
        rejected: 1,
        counts: { events: 2, dropped: 1 },
      }),
    });
    openConsole('/o/retail/imports/i');
    expect(await screen.findByText('Dropped (refused or erased)', undefined, patience)).toBeTruthy();
    expect(screen.queryByText('Refunds')).toBeNull();
    fireEvent.click(screen.getByRole('button', { name: 'More actions' }));
    fireEvent.click(await screen.findByRole('menuitem', { name: 'Undo this import…' }, patience));
    expect(await screen.findByText('2 events no longer count; they stay in the log, marked', undefined, patience)).toBeTruthy();
    expect(screen.getByText('Profiles that its events made stay')).toBeTruthy();
  });
});
