import { Button, Code, Group, Modal, PasswordInput, Skeleton, Stack, Text, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { confirmTwoStep, ownSessionsQuery, renewCodes, startTwoStep, turnOffTwoStep, twoStepQuery } from '../api/people';
import type { TwoStep } from '../api/people.types';
import { asProblem } from '../api/problem';
import { Card } from '../components/Card';
import { CopyButton } from '../components/CopyButton';
import { QueryState } from '../components/PageState';
import { ProblemAlert } from '../components/ProblemAlert';
import { useFormat, useT } from '../i18n/I18n';
import classes from '../people/People.module.css';
import { QrCode } from './QrCode';

type Act = 'setUp' | 'turnOff' | 'newCodes';

export function TwoStepCard() {
  const t = useT();
  const query = useQuery(twoStepQuery);
  return (
    <Card title={t('twoStep.title')}>
      <QueryState query={query} failed={t('twoStep.failed')} skeleton={<Skeleton h={90} aria-hidden="true" />}>
        {(state) => <Standing state={state} />}
      </QueryState>
    </Card>
  );
}

function Standing({ state }: { state: TwoStep }) {
  const t = useT();
  const format = useFormat();
  const [act, setAct] = useState<Act | null>(null);
  return (
    <Stack gap="sm">
      {state.enabledAt ? (
        <>
          <Text>
            {t('twoStep.on', { date: format.date(state.enabledAt) })} {t('twoStep.left', { count: state.recoveryCodesLeft })}
          </Text>
          <Group>
            <Button variant="default" onClick={() => setAct('newCodes')}>
              {t('twoStep.newCodes')}
            </Button>
            <Button variant="default" onClick={() => setAct('turnOff')}>
              {t('twoStep.turnOff')}
            </Button>
          </Group>
        </>
      ) : (
        <>
          <Text>{t('twoStep.off')}</Text>
          <Group>
            <Button onClick={() => setAct('setUp')}>{t('twoStep.setUp')}</Button>
          </Group>
        </>
      )}
      {act && <TwoStepDialog act={act} close={() => setAct(null)} />}
    </Stack>
  );
}

function TwoStepDialog({ act, close }: { act: Act; close: () => void }) {
  const t = useT();
  const client = useQueryClient();
  const [key, setKey] = useState<{ secret: string; address: string } | null>(null);
  const [codes, setCodes] = useState<string[] | null>(null);
  const refresh = async () => {
    await client.invalidateQueries({ queryKey: twoStepQuery.queryKey });
    await client.invalidateQueries({ queryKey: ownSessionsQuery.queryKey });
  };
  const prove = useMutation({
    mutationFn: async (password: string) => {
      if (act === 'setUp') setKey(await startTwoStep(password));
      else if (act === 'newCodes') setCodes((await renewCodes(password)).recoveryCodes);
      else await turnOffTwoStep(password);
    },
    onSuccess: async () => {
      if (act === 'setUp') return;
      await refresh();
      if (act === 'turnOff') close();
    },
  });
  const title = { setUp: t('twoStep.title'), turnOff: t('twoStep.turnOff'), newCodes: t('twoStep.newCodes') }[act];
  return (
    <Modal opened onClose={close} title={title} closeButtonProps={{ 'aria-label': t('action.close') }}>
      {codes ? (
        <Codes codes={codes} close={close} />
      ) : key ? (
        <Confirm
          secret={key.secret}
          address={key.address}
          confirmed={(given) => {
            setCodes(given);
            void refresh();
          }}
        />
      ) : (
        <Prove send={(password) => prove.mutate(password)} pending={prove.isPending} error={prove.error} close={close} />
      )}
    </Modal>
  );
}

/** Whoever finds a browser open must not change how its owner signs in. */
function Prove({ send, pending, error, close }: { send: (password: string) => void; pending: boolean; error: unknown; close: () => void }) {
  const t = useT();
  const [password, setPassword] = useState('');
  const problem = error ? asProblem(error) : null;
  const wrong = problem?.code === 'wrong_password' ? t('account.password.wrong') : null;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    send(password);
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        <PasswordInput
          data-autofocus
          label={t('account.password.current')}
          autoComplete="current-password"
          required
          withAsterisk={false}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
          error={wrong}
          visibilityToggleButtonProps={{ 'aria-label': t('signIn.showPassword'), tabIndex: 0, 'aria-hidden': false }}
        />
        {problem && !wrong && <ProblemAlert error={problem} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={close}>
            {t('twoStep.cancel')}
          </Button>
          <Button type="submit" loading={pending}>
            {t('twoStep.goOn')}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function Confirm({ secret, address, confirmed }: { secret: string; address: string; confirmed: (codes: string[]) => void }) {
  const t = useT();
  const [code, setCode] = useState('');
  const confirm = useMutation({ mutationFn: () => confirmTwoStep(code.trim()), onSuccess: (given) => confirmed(given.recoveryCodes) });
  const problem = confirm.error ? asProblem(confirm.error) : null;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    confirm.mutate();
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        <Text>{t('twoStep.scan')}</Text>
        <QrCode text={address} label={t('twoStep.qr', { key: secret })} />
        <Text size="sm" c="dimmed">
          {t('twoStep.key')}
        </Text>
        <Code className={classes.link}>{secret.replaceAll(/(.{4})(?=.)/g, '$1 ')}</Code>
        <Group>
          <CopyButton value={secret} label={t('twoStep.copyKey')} />
        </Group>
        <TextInput
          data-autofocus
          label={t('twoStep.code')}
          autoComplete="one-time-code"
          inputMode="numeric"
          required
          withAsterisk={false}
          value={code}
          onChange={(event) => setCode(event.currentTarget.value)}
          error={problem?.fields.code?.join(' ')}
        />
        {problem && !problem.fields.code && <ProblemAlert error={problem} />}
        <Group justify="flex-end">
          <Button type="submit" loading={confirm.isPending}>
            {t('twoStep.confirm')}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function Codes({ codes, close }: { codes: string[]; close: () => void }) {
  const t = useT();
  return (
    <Stack gap="sm">
      <Text>{t('twoStep.codes')}</Text>
      <ul className={classes.codes}>
        {codes.map((code) => (
          <li key={code}>{code}</li>
        ))}
      </ul>
      <Group justify="space-between">
        <CopyButton value={codes.join('\n')} label={t('twoStep.copyCodes')} />
        <Button onClick={close}>{t('twoStep.kept')}</Button>
      </Group>
    </Stack>
  );
}
