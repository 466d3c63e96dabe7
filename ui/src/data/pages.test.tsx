// @vitest-environment jsdom
import { act, cleanup, fireEvent, screen, waitFor, within } from '@testing-library/react';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { parseJson } from '../api/json';
import { ok, openConsole, session, stubServer } from '../testing';
import { sampleRelation } from './sample';

const organization = { id: 'o', slug: 'retail', name: 'Online Retail', timeZone: 'Europe/London', currency: 'GBP', workspaces: [] };
const schemas = {
  usual: 'cdp',
  schemas: [
    {
      name: 'cdp',
      blueprint: true,
      comment: 'The platform.',
      relations: [{ name: 'customers', view: false, comment: 'People. More.', writable: true }],
    },
    { name: 'commerce', blueprint: false, comment: null, relations: [{ name: 'order_items', view: true, comment: null, writable: false }] },
  ],
};
const row = {
  id: 'a1',
  name: 'Grace',
  stage: 'new',
  orders: 3,
  attributes: { tier: 'gold' },
  seen_at: '2024-07-01T10:00:00+00:00',
  parent_id: null,
};
const base = (role: 'admin' | 'viewer' = 'admin') => ({
  '/session': ok(session({}, role)),
  '/organization': ok(organization),
  '/data': ok(schemas),
  '/data/cdp': ok({ schema: 'cdp', relations: [{ name: 'customers', rows: 12_345, exact: false }] }),
  '/data/cdp/customers': ok(sampleRelation()),
  'GET /rest/v1/customers': ok([row, { ...row, id: 'b2', name: null }]),
});
const address = '/o/retail/data/cdp/customers';
const cell = async (text: string) => (await screen.findByText(text)).closest('td')!;

describe('the data browser', () => {
  // Loaded before the clock of a test runs.
  beforeAll(() => Promise.all([import('./DataPage'), import('./TablePage')]), 60_000);
  beforeEach(() => {
    window.localStorage.clear();
    // Fields that grow listen for fonts, which jsdom has none of.
    Object.defineProperty(document, 'fonts', { configurable: true, value: new EventTarget() });
  });
  afterEach(() => {
    cleanup();
    vi.unstubAllGlobals();
  });

  it('lists the tables of the usual product, and finds those of others', async () => {
    stubServer(base());
    openConsole('/o/retail/data');
    expect(await screen.findByRole('link', { name: 'customers' })).toBeTruthy();
    expect(await screen.findByText('≈ 12.3K')).toBeTruthy();
    fireEvent.change(screen.getByPlaceholderText('Find a table'), { target: { value: 'item' } });
    expect(await screen.findByRole('link', { name: 'commerce.order_items' })).toBeTruthy();
    expect(screen.queryByRole('link', { name: 'customers' })).toBeNull();
  });

  it('asks for exactly what the address says', async () => {
    const asked = stubServer(base());
    openConsole(`${address}?where=name.ilike.*a*&sort=orders.desc&columns=name,orders&page=2&size=25`);
    expect(await screen.findByText('Grace')).toBeTruthy();
    expect(asked).toContain(
      '/rest/v1/customers?select=name,orders,id&name=ilike.*a*&order=orders.desc.nullslast,id.asc&limit=25&offset=25',
    );
    expect(screen.getByRole('columnheader', { name: /orders/ }).getAttribute('aria-sort')).toBe('descending');
    expect(screen.getByText('name contains a')).toBeTruthy();
  });

  it('goes from cell to cell, changes a value, and says what the table does not take', async () => {
    const sent: unknown[] = [];
    stubServer({
      ...base(),
      'PATCH /rest/v1/customers': (body: { name: string }) => {
        sent.push(body);
        return body.name === ''
          ? {
              status: 400,
              body: { code: '23514', message: 'new row for relation "customers" violates check constraint "customers_name_check"' },
            }
          : ok([{ ...row, ...body }]);
      },
    });
    openConsole(address);
    const name = await cell('Grace');
    expect(name.getAttribute('data-at')).toBe('0:2');
    name.focus();
    fireEvent.keyDown(name, { key: 'ArrowDown' });
    await waitFor(() => expect(document.activeElement?.getAttribute('data-at')).toBe('1:2'));
    fireEvent.keyDown(document.activeElement!, { key: 'ArrowUp' });
    await waitFor(() => expect(document.activeElement).toBe(name));
    fireEvent.keyDown(name, { key: 'Enter' });
    const field = await screen.findByRole('textbox', { name: 'name' });
    fireEvent.change(field, { target: { value: '' } });
    fireEvent.keyDown(field, { key: 'Enter' });
    expect(await screen.findByText('The table asks: (length(name) >= 1) and (length(name) <= 200)')).toBeTruthy();
    fireEvent.change(field, { target: { value: 'Grace H.' } });
    fireEvent.keyDown(field, { key: 'Enter' });
    expect(await screen.findByText('Grace H.')).toBeTruthy();
    expect(sent).toEqual([{ name: '' }, { name: 'Grace H.' }]);
    expect((await screen.findAllByText('Saved: name')).length).toBeGreaterThan(0);
    fireEvent.click(screen.getByRole('button', { name: 'Undo' }));
    await waitFor(() => expect(sent[2]).toEqual({ name: 'Grace' }));
  });

  it('sorts, moves and widens a column by the keyboard, all in the address', async () => {
    stubServer(base());
    const router = openConsole(`${address}?columns=name,stage,orders`);
    await cell('Grace');
    const head = () => within(screen.getByRole('columnheader', { name: /stage/ })).getByRole('button');
    const search = () => router.state.location.search as Record<string, unknown>;
    head().focus();
    fireEvent.keyDown(head(), { key: 'Enter' });
    await waitFor(() => expect(search().sort).toBe('stage'));
    fireEvent.keyDown(head(), { key: 'ArrowLeft', altKey: true });
    await waitFor(() => expect(search().columns).toBe('stage,name,orders'));
    await waitFor(() => expect(document.activeElement).toBe(head()));
    fireEvent.keyDown(head(), { key: 'ArrowRight', altKey: true, shiftKey: true });
    await waitFor(() => expect(search().widths).toBe('stage:164'));
  });

  it('leaves a cell as it was with Escape', async () => {
    stubServer(base());
    openConsole(address);
    const name = await cell('Grace');
    name.focus();
    fireEvent.keyDown(name, { key: 'F2' });
    const field = await screen.findByRole('textbox', { name: 'name' });
    fireEvent.change(field, { target: { value: 'No' } });
    fireEvent.keyDown(field, { key: 'Escape' });
    await waitFor(() => expect(screen.queryByRole('textbox', { name: 'name' })).toBeNull());
    await waitFor(() => expect(document.activeElement?.getAttribute('data-at')).toBe('0:2'));
  });

  it('keeps what was typed in a key when the name of what is chosen comes late', async () => {
    stubServer({ ...base(), 'GET /rest/v1/customers': ok([{ ...row, parent_id: 'b2' }]) });
    const answer = globalThis.fetch;
    let come = () => undefined as void;
    const late = new Promise<void>((resolve) => (come = resolve));
    vi.stubGlobal('fetch', async (url: string, options?: RequestInit) => {
      if (!url.includes('id=eq.b2')) return answer(url, options);
      await late;
      return new Response('[{"id":"b2","name":"Ada"}]');
    });
    openConsole(`${address}?columns=name,parent_id`);
    const parent = (await cell('Grace')).nextElementSibling as HTMLElement;
    parent.focus();
    fireEvent.keyDown(parent, { key: 'Enter' });
    const field = await screen.findByRole<HTMLInputElement>('combobox', { name: 'parent_id' });
    fireEvent.focus(field);
    fireEvent.input(field, { target: { value: 'gra' } });
    come();
    expect(await screen.findByText('Ada')).toBeTruthy();
    await act(() => Promise.resolve());
    expect(field.value).toBe('gra');
    // Who leaves without choosing sees what is chosen.
    fireEvent.keyDown(field, { key: 'Escape' });
    await waitFor(() => expect(screen.queryByDisplayValue('gra')).toBeNull());
  });

  it('sends of a new row only what was said, and puts the refusal at its field', async () => {
    const sent: unknown[] = [];
    stubServer({
      ...base(),
      'POST /rest/v1/customers': (body: unknown) => {
        sent.push(body);
        return { status: 409, body: { code: '23505', message: 'duplicate key value violates unique constraint "customers_name_key"' } };
      },
    });
    openConsole(address);
    fireEvent.click(await screen.findByRole('button', { name: 'New row' }));
    const dialog = await screen.findByRole('dialog');
    fireEvent.change(await within(dialog).findByRole('textbox', { name: 'name' }), { target: { value: 'Grace' } });
    fireEvent.click(within(dialog).getByRole('button', { name: 'Add the row' }));
    expect(await within(dialog).findByText('Another row has this already.')).toBeTruthy();
    expect(sent).toEqual([{ name: 'Grace' }]);
  });

  it('shows who only reads no way to write', async () => {
    const columns = sampleRelation().columns.map((c) => ({ ...c, insert: false, update: false }));
    const may = { read: true, insert: false, update: false, delete: false, write: false };
    stubServer({ ...base('viewer'), '/data/cdp/customers': ok(sampleRelation({ columns, may })) });
    openConsole(address);
    const name = await cell('Grace');
    expect(screen.getByText('You read here. Administrators of the organization also write.')).toBeTruthy();
    expect(screen.queryByRole('button', { name: 'New row' })).toBeNull();
    expect(screen.queryByRole('button', { name: 'Import' })).toBeNull();
    expect(name.getAttribute('aria-readonly')).toBe('true');
  });

  it('has its other ends: nothing there, nothing like that, refused, failed', async () => {
    stubServer({ ...base(), 'GET /rest/v1/customers': ok([]) });
    const router = openConsole(address);
    expect(await screen.findByText('No rows yet')).toBeTruthy();
    router.history.push(`${address}?where=name.eq.x`);
    expect(await screen.findByText('No row is like that')).toBeTruthy();
    cleanup();
    stubServer({ ...base(), 'GET /rest/v1/customers': { status: 403, body: { code: '42501', message: 'no' } } });
    openConsole(address);
    expect(await screen.findByText('You may not do this')).toBeTruthy();
    cleanup();
    stubServer({
      ...base(),
      'GET /rest/v1/customers': {
        status: 400,
        body: { code: '57014', message: 'This question costs more than is allowed here', hint: 'Ask for fewer rows.' },
      },
    });
    openConsole(address);
    expect(await screen.findByText('This question costs more than is allowed here')).toBeTruthy();
    expect(screen.getByText('Ask for fewer rows.')).toBeTruthy();
  });

  it('pages through the history of a row, with the digits its values had', async () => {
    const page = (from: string, to: string, next: string | null) =>
      parseJson(
        `{"items":[{"id":"${to}","at":"2024-07-01T10:00:00+00:00","who":"Ada","actor":"user","activity":"update","through":"cdp.customers","changes":[{"column":"orders","old":${from},"new":${to}}]}],"next":${JSON.stringify(next)}}`,
      );
    const asked = stubServer({
      ...base(),
      'GET /rest/v1/customers': ok([row]),
      'GET /data/cdp/customers/history': (_: unknown, url: string) =>
        ok(url.endsWith('?key=a1&before=c') ? page('1', '1.50', null) : page('1.50', '9007199254740993', 'c')),
    });
    openConsole(`${address}?row=a1&part=history`);
    expect(await screen.findByText('9007199254740993')).toBeTruthy();
    fireEvent.click(screen.getByRole('button', { name: 'Show older entries' }));
    await waitFor(() => expect(screen.getAllByText('1.50')).toHaveLength(2));
    expect(screen.queryByRole('button', { name: 'Show older entries' })).toBeNull();
    expect(asked.filter((a) => a.includes('/history'))).toHaveLength(2);
  });

  describe('exports', () => {
    const written: string[] = [];
    const abort = vi.fn(() => Promise.resolve());
    const close = vi.fn(() => Promise.resolve());
    const pick = vi.fn((_: { suggestedName: string }) =>
      Promise.resolve({
        createWritable: () =>
          Promise.resolve({
            write: (part: string | Uint8Array) => {
              written.push(typeof part === 'string' ? part : new TextDecoder().decode(part));
              return Promise.resolve();
            },
            close,
            abort,
          }),
      }),
    );
    const choose = async (form: string) => {
      fireEvent.click(await screen.findByRole('button', { name: 'Export' }));
      fireEvent.click(await screen.findByRole('menuitem', { name: form }));
    };
    beforeEach(() => {
      written.length = 0;
      vi.clearAllMocks();
      vi.stubGlobal('showSaveFilePicker', pick);
    });

    it('all rows of the filter into the file that was chosen, in one answer', async () => {
      const asked = stubServer(base());
      openConsole(`${address}?columns=name,orders&where=orders.gte.2`);
      await cell('Grace');
      await choose('JSON, with the columns shown');
      await waitFor(() => expect(close).toHaveBeenCalledOnce());
      expect(pick.mock.calls[0]?.[0].suggestedName).toBe('cdp.customers.json');
      expect(JSON.parse(written.join(''))).toHaveLength(2);
      expect(asked.filter((a) => a === '/rest/v1/customers?select=name,orders&orders=gte.2')).toHaveLength(1);
    });

    it('nothing when it breaks off, and says so', async () => {
      stubServer(base());
      const known = window.fetch;
      let broken = false;
      vi.stubGlobal('fetch', (url: string, init?: RequestInit) => {
        if (!broken) return known(url, init);
        let sent = false;
        const body = new ReadableStream<Uint8Array>({
          pull(controller) {
            if (sent) return controller.error(new TypeError('network error'));
            sent = true;
            controller.enqueue(new TextEncoder().encode('name\nGrace\n'));
          },
        });
        return Promise.resolve(new Response(body));
      });
      openConsole(address);
      await cell('Grace');
      broken = true;
      await choose('CSV, with the columns shown');
      expect(await screen.findByText(/The export broke off/)).toBeTruthy();
      expect([abort.mock.calls.length, close.mock.calls.length]).toEqual([1, 0]);
    });

    it('nothing when nobody chose a file', async () => {
      const asked = stubServer(base());
      pick.mockImplementationOnce(() => Promise.reject(new DOMException('', 'AbortError')));
      openConsole(address);
      await cell('Grace');
      const before = asked.length;
      await choose('CSV, with the columns shown');
      await waitFor(() => expect(pick).toHaveBeenCalledOnce());
      expect([asked.length, screen.queryByRole('alert')]).toEqual([before, null]);
    });
  });

  it('gives the call of what is on the screen', async () => {
    stubServer(base());
    openConsole(`${address}?where=orders.gte.2&columns=name`);
    fireEvent.click(await screen.findByRole('button', { name: 'As a call' }));
    const dialog = await screen.findByRole('dialog');
    expect(dialog.textContent).toContain("/rest/v1/customers?select=name,id&orders=gte.2&order=id.asc&limit=50'");
    expect(dialog.textContent).toContain('$CLIENTELE_KEY');
  });
});
