// @vitest-environment jsdom
import { fireEvent, screen, waitFor, within } from '@testing-library/react';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { CustomerDetail } from '../api/types';
import { ok, openConsole, session, stubServer } from '../testing';
import { merge, person } from './person/sample';

const patience = { timeout: 8_000 };
const ada = person();
const other = person({
  id: 'b',
  externalId: 'c2',
  name: 'A. Lovelace',
  email: 'a@example.org',
  country: 'Spain',
  firstSeenAt: '2024-03-03T10:00:00Z',
  orders: 3,
  tags: ['guest'],
});
const page = { items: [], next: null };
const day = (text: string | null | undefined) => text?.replace(/\w+ \w+,? 2024/g, '…');
const refused = { status: 409, body: { code: 'wrong_state', detail: 'A later merge stands on this one. Undo m2 first.', traceId: 't-1' } };

function server(answers: Record<string, unknown> = {}, role: 'admin' | 'viewer' = 'admin', of: CustomerDetail = ada) {
  const path = `/customers/${of.id}`;
  return stubServer({
    '/session': ok(session({}, role)),
    '/customers': ok({ ...page, items: [ada, other], total: 2, totalIsExact: true }),
    '/overview/countries': ok([]),
    [path]: ok(of),
    [`${path}/timeline`]: ok(page),
    [`${path}/merges`]: ok([]),
    '/customers/b': ok(other),
    ...answers,
  });
}

async function act(name: string) {
  fireEvent.click(await screen.findByRole('button', { name: 'More actions' }, patience));
  fireEvent.click(await screen.findByRole('menuitem', { name }, patience));
  return screen.findByRole('dialog', undefined, patience);
}

async function compare() {
  const dialog = await act('Merge with…');
  const field = await within(dialog).findByRole('combobox', undefined, patience);
  expect(field).toHaveProperty('value', 'Ada Lovelace');
  const options = await within(dialog).findAllByRole('option', undefined, patience);
  // Not with oneself.
  expect(options.map((option) => option.textContent)).toEqual([expect.stringContaining('A. Lovelace')]);
  fireEvent.keyDown(field, { key: 'Enter' });
  await within(dialog).findByRole('table', undefined, patience);
  return dialog;
}

const dataOf = (label: string) => screen.findByRole('list', { name: label }, patience);

afterEach(() => vi.unstubAllGlobals());

describe('merging', () => {
  it('shows both, says what is taken over, merges, and offers to undo it', async () => {
    const sent: unknown[] = [];
    const undone: string[] = [];
    server({
      [`POST /customers/${ada.id}/merge`]: (body: unknown) => {
        sent.push(body);
        return ok(merge());
      },
      [`POST /customers/${ada.id}/merges/m1/undo`]: () => {
        undone.push('m1');
        return { status: 204 };
      },
    });
    openConsole(`/o/retail/customers/${ada.id}`);
    const dialog = await compare();
    const sentences = within(within(dialog).getByRole('list', { name: 'Ada Lovelace takes over' })).getAllByRole('listitem');
    expect(sentences.map((item) => day(item.textContent))).toEqual([
      'Email: a@example.org',
      'Tags: guest',
      'First seen: …, which is earlier, and with it where the person came from',
      '3 orders, and the events, addresses, devices and balances there are',
      'Whatever else is missing here and known there, such as a birth date or a postal code',
    ]);
    expect(dialog.textContent).toContain('Where both have something, what Ada Lovelace has counts: name and country.');
    fireEvent.change(within(dialog).getByRole('textbox', { name: 'Why they are the same person' }), { target: { value: ' Same phone ' } });
    fireEvent.click(within(dialog).getByRole('button', { name: 'Merge' }));

    const notice = await screen.findByRole('region', { name: 'What was just done' }, patience);
    expect(notice.textContent).toContain('A. Lovelace was merged into Ada Lovelace.');
    expect(sent).toEqual([{ merged: 'b', reason: 'Same phone' }]);
    expect(screen.getAllByRole('status').some((status) => status.textContent?.startsWith('A. Lovelace was merged'))).toBe(true);
    fireEvent.click(within(notice).getByRole('button', { name: 'Undo' }));
    await waitFor(() => expect(notice.textContent).toContain('A. Lovelace is a profile of its own again.'), patience);
    expect(undone).toEqual(['m1']);
    expect(within(notice).queryByRole('button', { name: 'Undo' })).toBeNull();
  });

  it('lets the other one stay', async () => {
    const sent: unknown[] = [];
    server({
      'POST /customers/b/merge': (body: unknown) => {
        sent.push(body);
        return ok(merge({ survivor: 'b', merged: ada.id }));
      },
    });
    openConsole(`/o/retail/customers/${ada.id}`);
    const dialog = await compare();
    fireEvent.click(within(dialog).getByRole('button', { name: 'Let A. Lovelace stay instead' }));
    expect(within(dialog).getByRole('list', { name: 'A. Lovelace takes over' })).toBeTruthy();
    fireEvent.click(within(dialog).getByRole('button', { name: 'Merge' }));
    await waitFor(() => expect(sent).toEqual([{ merged: ada.id, reason: '' }]), patience);
  });

  it('says why it was refused and keeps what was typed', async () => {
    server({
      [`POST /customers/${ada.id}/merge`]: { ...refused, body: { ...refused.body, detail: 'An erased customer cannot be merged.' } },
    });
    openConsole(`/o/retail/customers/${ada.id}`);
    const dialog = await compare();
    const reason = within(dialog).getByRole('textbox', { name: 'Why they are the same person' });
    fireEvent.change(reason, { target: { value: 'Same phone' } });
    fireEvent.click(within(dialog).getByRole('button', { name: 'Merge' }));
    expect((await within(dialog).findByRole('alert', undefined, patience)).textContent).toContain('An erased customer cannot be merged.');
    expect(reason).toHaveProperty('value', 'Same phone');
  });

  it('says so when nobody else is found', async () => {
    server({ '/customers': ok({ ...page, items: [ada], total: 1, totalIsExact: true }) });
    openConsole(`/o/retail/customers/${ada.id}`);
    expect(await within(await act('Merge with…')).findByText('Nobody else matches the search.', undefined, patience)).toBeTruthy();
  });
});

describe('a merged profile', () => {
  it('is shown as the person it is now, at that person’s address', async () => {
    server({ '/customers/b': ok(ada) });
    const router = openConsole('/o/retail/customers/b?tab=details');
    expect(await screen.findByRole('heading', { level: 1, name: 'Ada Lovelace' }, patience)).toBeTruthy();
    await waitFor(() => expect(router.state.location.pathname).toBe(`/o/retail/customers/${ada.id}`), patience);
    expect(router.state.location.search).toEqual({ tab: 'details' });
    expect(router.history.length).toBe(1);
  });
});

describe('merged profiles', () => {
  const address = `/o/retail/customers/${ada.id}?tab=details`;
  const path = `/customers/${ada.id}/merges`;
  const three = [
    merge({ id: 'm3' }),
    merge({
      id: 'm2',
      merged: 'd',
      mergedName: null,
      mergedExternalId: 'c4',
      status: 'undone',
      undoneAt: '2024-06-02T10:00:00Z',
      undoable: false,
      by: null,
      reason: '',
    }),
    merge({ id: 'm1', merged: 'e', mergedName: 'Countess', mergedExternalId: 'c5', undoable: false }),
  ];

  it('lists who, when and why, and undoes the last', async () => {
    server({ [path]: ok(three), [`POST ${path}/m3/undo`]: refused });
    openConsole(address);
    const lines = within(await dataOf('Merged profiles')).getAllByRole('listitem');
    expect(lines.map((line) => day(line.textContent))).toEqual([
      'A. Lovelacec2Merged by Grace …Same phoneUndo',
      'c4UndoneMerged … · Undone …No reason given',
      'Countessc5Merged by Grace …Same phoneUndo the later one first',
    ]);
    // A profile taken apart again has a page of its own.
    expect(within(lines[1]!).getByRole('link', { name: 'c4' }).getAttribute('href')).toBe('/o/retail/customers/d');
    fireEvent.click(screen.getByRole('button', { name: 'Undo the merge of A. Lovelace' }));
    const dialog = await screen.findByRole('dialog', undefined, patience);
    fireEvent.click(await within(dialog).findByRole('button', { name: 'Undo the merge' }, patience));
    const alert = await within(dialog).findByRole('alert', undefined, patience);
    expect(alert.textContent).toContain('A later merge stands on this one. Undo m2 first.');
    expect(alert.textContent).toContain('wrong_state · t-1');
  });

  it('says so when there are none, and when they fail', async () => {
    server({ [path]: { status: 500, body: { code: 'internal_error', traceId: 't-9' } } });
    openConsole(address);
    const alert = await screen.findByRole('alert', undefined, patience);
    expect(alert.textContent).toContain('The merged profiles could not be loaded');
    expect(alert.textContent).toContain('internal_error · t-9');
    server();
    fireEvent.click(within(alert).getByRole('button', { name: 'Try again' }));
    expect(await screen.findByText('No other profile has been merged into this one.', undefined, patience)).toBeTruthy();
  });

  it('offers a viewer nothing that would be refused', async () => {
    server({ [path]: ok(three) }, 'viewer');
    openConsole(address);
    await dataOf('Merged profiles');
    expect(screen.queryByRole('button', { name: /Undo/ })).toBeNull();
    expect(screen.queryByRole('button', { name: 'More actions' })).toBeNull();
  });
});

describe('erasing', () => {
  const path = `DELETE /customers/${ada.id}`;

  async function typed() {
    const dialog = await act('Erase…');
    const button = await within(dialog).findByRole('button', { name: 'Erase for good' }, patience);
    expect(button).toHaveProperty('disabled', true);
    fireEvent.change(within(dialog).getByRole('textbox', { name: 'Type c1 to go on' }), { target: { value: 'c1' } });
    fireEvent.click(button);
    return dialog;
  }

  it('says what goes and what stays, waits for the identifier, and leads back to the list', async () => {
    server({ [path]: { status: 204 } });
    const router = openConsole(`/o/retail/customers/${ada.id}`);
    const dialog = await typed();
    expect(within(dialog).getByRole('list', { name: 'This stays:' }).textContent).toContain(
      '12 orders with their amounts, under a pseudonym',
    );
    expect(dialog.textContent).toContain('This cannot be undone by anybody.');
    await waitFor(() => expect(router.state.location.pathname).toBe('/o/retail/customers'), patience);
    expect((await screen.findByRole('region', { name: 'What was just done' }, patience)).textContent).toContain('The customer was erased.');
  });

  it('says what still holds the customer', async () => {
    const detail = 'There are still 2 rows of debts that hold the customer. Finish them first.';
    server({ [path]: { status: 409, body: { code: 'wrong_state', detail } } });
    openConsole(`/o/retail/customers/${ada.id}`);
    expect((await within(await typed()).findByRole('alert', undefined, patience)).textContent).toContain(detail);
  });

  it('has nothing to offer for whom it was done', async () => {
    server({}, 'admin', person({ name: null, externalId: `erased-${ada.id.replaceAll('-', '')}` }));
    openConsole(`/o/retail/customers/${ada.id}`);
    expect(await screen.findByText('This customer was erased', undefined, patience)).toBeTruthy();
    expect(screen.queryByRole('button', { name: 'More actions' })).toBeNull();
  });
});

describe('collection', () => {
  const path = `/customers/${ada.id}`;

  it('is refused and allowed again, and says which it is', async () => {
    let refusing = false;
    server({
      [path]: () => ok({ ...ada, trackingRefused: refusing }),
      [`PUT ${path}/tracking`]: (body: { refused: boolean }) => {
        refusing = body.refused;
        return { status: 204 };
      },
    });
    openConsole(`/o/retail/customers/${ada.id}?tab=details`);
    fireEvent.click(await screen.findByRole('button', { name: 'Collect no more' }, patience));
    expect(await screen.findByText('This person refuses collection', undefined, patience)).toBeTruthy();
    expect(refusing).toBe(true);
    fireEvent.click(await screen.findByRole('button', { name: 'Collect again' }, patience));
    expect(await screen.findByText('What this person does is collected', undefined, patience)).toBeTruthy();
    expect(refusing).toBe(false);
  });

  it('is shown to who may not change it', async () => {
    server({ [path]: ok({ ...ada, trackingRefused: true }) }, 'viewer');
    openConsole(`/o/retail/customers/${ada.id}?tab=details`);
    expect(await screen.findByText('This person refuses collection', undefined, patience)).toBeTruthy();
    expect(screen.queryByRole('button', { name: 'Collect again' })).toBeNull();
  });
});
