// @vitest-environment jsdom
import { fireEvent, screen, waitFor, within } from '@testing-library/react';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { StoredFile } from '../../api/files';
import { ok, openConsole, session, stubServer } from '../../testing';
import { person } from '../person/sample';

const patience = { timeout: 8_000 };
const ada = person();
const path = `/customers/${ada.id}/files`;

const file = (more: Partial<StoredFile> = {}): StoredFile => ({
  id: 'f1',
  name: 'Contract.pdf',
  contentType: 'application/pdf',
  bytes: 12_000,
  sensitive: false,
  uploadedBy: 'Ada',
  createdAt: '2024-03-03T10:00:00Z',
  expiresAt: null,
  ...more,
});
const passport = file({ id: 'f2', name: 'Passport.jpg', contentType: 'image/jpeg', sensitive: true, uploadedBy: null });

function open(answers: Record<string, unknown>, role: 'admin' | 'viewer' = 'admin') {
  const asked = stubServer({
    '/session': ok(session({}, role)),
    [`/customers/${ada.id}`]: ok(ada),
    [path]: ok({ items: [file(), passport], largestBytes: 25_000_000, next: null }),
    ...answers,
  });
  openConsole(`/o/retail/customers/${ada.id}?tab=files`);
  return asked;
}

/** What an anchor that was clicked led to. */
function follows() {
  const led: string[] = [];
  vi.spyOn(HTMLAnchorElement.prototype, 'click').mockImplementation(function (this: HTMLAnchorElement) {
    led.push(`${this.getAttribute('href')} ${this.target || this.download}`);
  });
  return led;
}

const button = (name: string) => screen.findByRole('button', { name }, patience);

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

describe('documents of a customer', () => {
  it('are listed, and opened by a link that is asked for when it is needed', async () => {
    const led = follows();
    const asked = open({
      [`POST ${path}/f1/link`]: ok({ path: '/files/f1?expires=1&signature=s', url: '', expiresAt: '' }),
      [`POST ${path}/f2/link`]: ok({ path: '/files/f2?expires=1&show=1&signature=s', url: '', expiresAt: '' }),
    });
    const list = await screen.findByRole('list', { name: 'Documents' }, patience);
    const [contract, picture] = within(list).getAllByRole('listitem');
    expect(contract?.textContent).toContain('by Ada');
    expect(picture?.textContent).toContain('Sensitive');
    fireEvent.click(await button('Open Contract.pdf'));
    await waitFor(() => expect(led).toEqual(['/files/f1?expires=1&signature=s Contract.pdf']));
    fireEvent.click(await button('Open Passport.jpg'));
    await waitFor(() => expect(led[1]).toBe('/files/f2?expires=1&show=1&signature=s _blank'));
    expect(asked.filter((url) => url.includes('/link'))).toEqual([`/api${path}/f1/link`, `/api${path}/f2/link?show=true`]);
  });

  it('keep what is sensitive from those who may not, who add and delete nothing either', async () => {
    open({}, 'viewer');
    await button('Open Contract.pdf');
    expect(screen.queryByRole('button', { name: 'Open Passport.jpg' })).toBeNull();
    expect(screen.getByText(/permission for sensitive files/)).toBeTruthy();
    expect(screen.queryByRole('button', { name: 'Add a document' })).toBeNull();
    expect(screen.queryByRole('button', { name: 'Delete Contract.pdf' })).toBeNull();
  });

  it('are deleted after a question, and a refusal is told', async () => {
    let deleted = 0;
    open({
      [`DELETE ${path}/f1`]: () =>
        ++deleted === 1
          ? { status: 404, body: { code: 'not_found', detail: 'There is no such file here.', traceId: 't-1' } }
          : { status: 204 },
    });
    fireEvent.click(await button('Delete Contract.pdf'));
    const dialog = await screen.findByRole('dialog', undefined, patience);
    fireEvent.click(within(dialog).getByRole('button', { name: 'Delete' }));
    expect((await within(dialog).findByRole('alert', undefined, patience)).textContent).toContain('There is no such file here.');
    fireEvent.click(within(dialog).getByRole('button', { name: 'Delete' }));
    expect((await screen.findByRole('region', { name: 'What was just done' }, patience)).textContent).toContain(
      'Contract.pdf was deleted.',
    );
  });

  it('say that there are none, that they failed, and that one may not see them', async () => {
    open({ [path]: ok({ items: [], largestBytes: 25_000_000, next: null }) });
    await screen.findByText('No documents yet', undefined, patience);
    await button('Add a document');
    vi.unstubAllGlobals();
    document.body.innerHTML = '';
    open({ [path]: { status: 500, body: { code: 'internal_error', traceId: 't-2' } } });
    await screen.findByText('The documents could not be loaded', undefined, patience);
    vi.unstubAllGlobals();
    document.body.innerHTML = '';
    open({ [path]: { status: 403, body: { code: 'forbidden' } } });
    await screen.findByText('You may not do this', undefined, patience);
  });

  it('are sent with their progress, marked sensitive when that is ticked, and refused before they are sent when too large', async () => {
    const sent: { url: string; body: File; progress: (event: unknown) => void; load: (status: number, text: string) => void }[] = [];
    vi.stubGlobal(
      'XMLHttpRequest',
      class {
        upload: { onprogress?: (event: unknown) => void } = {};
        onload?: () => void;
        onabort?: () => void;
        status = 0;
        responseText = '';
        url = '';
        open = (_: string, url: string) => void (this.url = url);
        setRequestHeader = () => undefined;
        getResponseHeader = () => null;
        abort = () => this.onabort?.();
        send = (body: File) =>
          void sent.push({
            url: this.url,
            body,
            progress: (event) => this.upload.onprogress?.(event),
            load: (status, text) => {
              Object.assign(this, { status, responseText: text });
              this.onload?.();
            },
          });
      },
    );
    open({ [path]: ok({ items: [], largestBytes: 10, next: null }) });
    await button('Add a document');
    const input = document.querySelector<HTMLInputElement>('input[type=file]')!;
    fireEvent.change(input, { target: { files: [new File(['x'.repeat(11)], 'big.txt')] } });
    expect((await screen.findByRole('alert', undefined, patience)).textContent).toContain('big.txt');
    expect(sent).toEqual([]);

    fireEvent.click(screen.getByRole('checkbox', { name: 'Sensitive' }));
    fireEvent.change(document.querySelector('input[type=file]')!, { target: { files: [new File(['x'.repeat(8)], 'a.txt')] } });
    await screen.findByRole('progressbar', { name: 'Sending a.txt' }, patience);
    expect(sent[0]?.url).toBe(`/api${path}?name=a.txt&sensitive=true`);
    sent[0]?.progress({ loaded: 4, total: 8 });
    await waitFor(() => expect(screen.getByRole('progressbar', { name: 'Sending a.txt' }).getAttribute('aria-valuenow')).toBe('50'));
    sent[0]?.load(415, JSON.stringify({ code: 'file_type_refused', detail: 'Files of this type are not taken.' }));
    expect((await screen.findByText('Files of this type are not taken.', undefined, patience)).textContent).toBeTruthy();

    fireEvent.change(document.querySelector('input[type=file]')!, { target: { files: [new File(['x'.repeat(8)], 'b.txt')] } });
    fireEvent.click(await button('Stop'));
    await button('Add a document');
    expect(screen.queryByRole('alert')).toBeNull();
  });
});
