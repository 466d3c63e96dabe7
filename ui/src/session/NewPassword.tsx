import { PasswordInput } from '@mantine/core';
import { useState } from 'react';
import { useT } from '../i18n/I18n';

const shortest = 12;

/** The two fields of a new password, and whether they may be sent. */
export function useNewPassword() {
  const [chosen, setChosen] = useState('');
  const [repeated, setRepeated] = useState('');
  const [tried, setTried] = useState(false);
  /** Shows what is wrong from now on. */
  const check = () => {
    setTried(true);
    return chosen.length >= shortest && repeated === chosen;
  };
  return { chosen, setChosen, repeated, setRepeated, tried, check };
}

export function NewPassword({ of, refused }: { of: ReturnType<typeof useNewPassword>; refused?: string | null }) {
  const t = useT();
  const tooShort = of.tried && of.chosen.length < shortest ? t('password.tooShort', { length: shortest }) : null;
  const different = of.tried && of.repeated !== of.chosen ? t('password.different') : null;
  const field = {
    withAsterisk: false,
    required: true,
    autoComplete: 'new-password',
    visibilityToggleButtonProps: { 'aria-label': t('signIn.showPassword'), tabIndex: 0, 'aria-hidden': false },
  };
  return (
    <>
      <PasswordInput
        {...field}
        label={t('password.new')}
        description={t('password.rule', { length: shortest })}
        value={of.chosen}
        onChange={(event) => of.setChosen(event.currentTarget.value)}
        error={tooShort ?? refused}
      />
      <PasswordInput
        {...field}
        label={t('password.repeat')}
        value={of.repeated}
        onChange={(event) => of.setRepeated(event.currentTarget.value)}
        error={different}
      />
    </>
  );
}
