import { Alert, Text } from '@mantine/core';
import { asProblem } from '../api/problem';
import { useT } from '../i18n/I18n';

/** A failed act, beside the form or button it came from. What was typed stays. */
export function ProblemAlert({ error, text }: { error: unknown; text?: string }) {
  const t = useT();
  if (!error) return null;
  const problem = asProblem(error);
  const fallback = problem.offline ? t('state.error.offline') : t('state.error.other');
  const refused = problem.status === 403 ? t('state.noPermission.title') : null;
  return (
    <Alert color="red" variant="light" role="alert" p="sm">
      <Text size="sm">{text ?? problem.detail ?? refused ?? fallback}</Text>
      <Text size="xs" c="dimmed" mt={4}>
        {t('state.error.quote')} {[problem.code, problem.traceId].filter(Boolean).join(' · ')}
      </Text>
    </Alert>
  );
}
