import { describe, expect, it } from 'vitest';
import { asProblem, ApiProblem, parseProblem, parseRetryAfter } from './problem';

describe('a failed request', () => {
  it('is read from problem+json', () => {
    const body = JSON.stringify({
      type: '/problems/validation_failed',
      title: 'Invalid',
      status: 400,
      detail: 'Mend the marked fields.',
      code: 'validation_failed',
      traceId: '00-abc-01',
      errors: { newPassword: ['At least 12 characters.', 'Not the old one.'] },
    });
    const problem = parseProblem(400, body);
    expect(problem).toMatchObject({
      status: 400,
      code: 'validation_failed',
      detail: 'Mend the marked fields.',
      traceId: '00-abc-01',
      temporary: false,
    });
    expect(problem.fields.newPassword).toEqual(['At least 12 characters.', 'Not the old one.']);
  });

  it('may be an HTML page of a proxy', () => {
    expect(parseProblem(502, '<html>Bad gateway</html>')).toMatchObject({ code: 'http_502', detail: null, traceId: null, temporary: true });
  });

  it('may be JSON of another make', () => {
    expect(parseProblem(500, '[]')).toMatchObject({ code: 'http_500', fields: {} });
    expect(parseProblem(400, '{"title":"Bad","errors":{"a":"one"}}')).toMatchObject({
      code: 'http_400',
      detail: 'Bad',
      fields: { a: ['one'] },
    });
  });

  it('says when to come back', () => {
    expect(parseProblem(429, '{"code":"too_many_attempts"}', '30').retryAfterSeconds).toBe(30);
    expect(parseRetryAfter('Fri, 09 Dec 2011 12:00:10 GMT', Date.parse('2011-12-09T12:00:00Z'))).toBe(10);
    expect(parseRetryAfter('soon')).toBeNull();
  });

  it('is kept apart from faults of the console', () => {
    const problem = new ApiProblem(404, 'not_found', null);
    expect(asProblem(problem)).toBe(problem);
    expect(asProblem(new TypeError('x is undefined'))).toMatchObject({ code: 'console_error', temporary: false });
  });
});
