import { afterEach, describe, expect, it, vi } from 'vitest';
import { apiUrl, request } from './client';

const answer = (status: number, body: string | null) => vi.fn<typeof fetch>().mockResolvedValue(new Response(body, { status }));
afterEach(() => vi.unstubAllGlobals());

describe('the client', () => {
  it('leaves out what is not set', () => {
    expect(apiUrl('/customers', { search: '', country: 'Côte d’Ivoire', cursor: null, limit: 50 })).toBe(
      '/api/customers?country=C%C3%B4te+d%E2%80%99Ivoire&limit=50',
    );
    expect(apiUrl('/session')).toBe('/api/session');
  });

  it('sends the guard, the organization and JSON', async () => {
    const fetched = answer(200, '{"ok":true}');
    vi.stubGlobal('fetch', fetched);
    await expect(request('/organization', { method: 'PUT', organization: 'retail', body: { name: 'A' } })).resolves.toEqual({ ok: true });
    const [url, init] = fetched.mock.calls[0]!;
    expect(url).toBe('/api/organization');
    expect(init).toMatchObject({
      method: 'PUT',
      body: '{"name":"A"}',
      headers: { 'X-Clientele': 'console', 'Clientele-Organization': 'retail', 'Content-Type': 'application/json' },
    });
  });

  it('takes no content for an answer', async () => {
    vi.stubGlobal('fetch', answer(204, null));
    await expect(request('/session', { method: 'DELETE' })).resolves.toBeUndefined();
    vi.stubGlobal('fetch', answer(202, ''));
    await expect(request('/imports/1/cancel', { method: 'POST' })).resolves.toBeUndefined();
  });

  it('turns refusals and silence into problems', async () => {
    vi.stubGlobal('fetch', answer(403, '{"code":"forbidden","traceId":"t"}'));
    await expect(request('/overview')).rejects.toMatchObject({ status: 403, code: 'forbidden', traceId: 't' });
    vi.stubGlobal('fetch', vi.fn().mockRejectedValue(new TypeError('Failed to fetch')));
    await expect(request('/overview')).rejects.toMatchObject({ status: 0, code: 'no_connection', offline: true });
  });
});
