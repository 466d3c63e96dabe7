import { Anchor, Button, Stack, Text } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { verifyAddress } from '../api/people';
import { sessionQuery } from '../api/queries';
import { ProblemAlert } from '../components/ProblemAlert';
import { useT } from '../i18n/I18n';
import { useHashToken } from './hash';
import { SessionCard } from './SessionCard';

/** A click, not the opening of the page: mail programs open links by themselves. */
export function VerifyPage() {
  const t = useT();
  const client = useQueryClient();
  const token = useHashToken();
  const verify = useMutation({
    mutationFn: () => verifyAddress(token),
    onSuccess: () => client.removeQueries({ queryKey: sessionQuery.queryKey }),
  });
  return (
    <SessionCard title={t('verify.title')}>
      <Stack gap="sm">
        {verify.isSuccess ? (
          <>
            <Text role="status">{t('verify.done')}</Text>
            <Anchor component={Link} to="/">
              {t('verify.on')}
            </Anchor>
          </>
        ) : (
          <>
            <ProblemAlert error={verify.error} />
            <Button size="md" onClick={() => verify.mutate()} loading={verify.isPending}>
              {t('verify.action')}
            </Button>
          </>
        )}
      </Stack>
    </SessionCard>
  );
}
